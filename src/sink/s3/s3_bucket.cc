#include "sink/s3/s3_bucket.h"

#include <algorithm>
#include <chrono>

#include "base/base64.h"
#include "base/digest.h"
#include "base/number.h"
#include "sink/s3/xml.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

constexpr uint64_t kLargestRefusal = 64 << 10;
/// Of a list that goes on and on: a hundred requests a second at most.
constexpr std::chrono::milliseconds kPageDelay{10};

/// The document of an answer, whose root must have the name.
base::Result<XmlElement> document_of(const net::ClientResponse& response, std::string_view name) {
  auto root = parse_xml(response.body);
  if (root.ok() && root->name == name) return root;
  return Error(ErrorCode::kIo, "the object store's answer is no " + std::string(name) +
                                   (root.ok() ? ": " + root->name : ": " + root.error().message()));
}

/// Where the next page of a list begins; nothing after the last.
base::Result<std::optional<std::string>> next_of(const XmlElement& page, std::string_view name) {
  if (page.child_text("IsTruncated") != "true") return std::optional<std::string>();
  std::string next = page.child_text(name);
  if (next.empty()) return Error(ErrorCode::kIo, "the object store's list breaks off");
  return std::optional<std::string>(std::move(next));
}

ErrorCode code_of_key_error(std::string_view code) {
  const bool passing = code == "InternalError" || code == "SlowDown" ||
                       code == "ServiceUnavailable" || code == "OperationAborted";
  return passing ? ErrorCode::kUnavailable : ErrorCode::kIo;
}

}  // namespace

net::Headers S3Bucket::encryption_headers() const {
  net::Headers headers;
  const S3Options& options = client_.options();
  if (options.encryption == S3Encryption::kAes256) {
    headers.add("x-amz-server-side-encryption", "AES256");
  } else if (options.encryption == S3Encryption::kKms) {
    headers.add("x-amz-server-side-encryption", "aws:kms");
    if (!options.kms_key.empty()) {
      headers.add("x-amz-server-side-encryption-aws-kms-key-id", options.kms_key);
    }
  }
  return headers;
}

std::string S3Bucket::checksum_of(std::string_view bytes) const {
  if (options().checksum == S3Checksum::kNone) return "";
  const uint32_t crc = base::crc32c(bytes);
  std::string big_endian;
  for (int shift = 24; shift >= 0; shift -= 8) big_endian += static_cast<char>(crc >> shift & 0xFF);
  return base::base64_encode(big_endian);
}

base::Status S3Bucket::put(const std::string& key, std::string_view bytes,
                           std::stop_token stop) const {
  S3Request request{"PUT", key};
  request.headers = encryption_headers();
  const std::string checksum = checksum_of(bytes);
  if (!checksum.empty()) request.headers.add("x-amz-checksum-crc32c", checksum);
  request.body = bytes;
  request.stop = std::move(stop);
  KILN_TRY(client_.send(request));
  return {};
}

base::Result<uint64_t> S3Bucket::head(const std::string& key, std::stop_token stop) const {
  S3Request request{"HEAD", key};
  request.stop = std::move(stop);
  KILN_ASSIGN(const auto response, client_.send(request));
  const std::string text = response.headers.get("Content-Length").value_or("");
  const auto size = base::whole_number<uint64_t>(text);
  if (!size) return Error(ErrorCode::kIo, "the object store does not tell the size of " + key);
  return *size;
}

base::Result<ObjectPiece> S3Bucket::get(const std::string& key, uint64_t offset, uint64_t length,
                                        const std::string& etag, std::stop_token stop) const {
  S3Request request{"GET", key};
  request.headers.add(
      "range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1));
  if (!etag.empty()) request.headers.add("if-match", etag);
  request.max_answer = std::max<uint64_t>(length, kLargestRefusal);
  request.stop = std::move(stop);
  KILN_ASSIGN(net::ClientResponse response, client_.send(request));
  // A store that does not know ranges sends the whole with 200.
  if (response.status != 206 && (offset != 0 || response.body.size() > length)) {
    return Error(ErrorCode::kIo, "the object store does not serve ranges");
  }
  if (response.body.size() != length) {
    return Error(ErrorCode::kConflict, "an exported file is shorter than it was");
  }
  return ObjectPiece{std::move(response.body), response.headers.get("ETag").value_or("")};
}

base::Result<std::string> S3Bucket::get_small(const std::string& key, std::stop_token stop) const {
  S3Request request{"GET", key};
  request.max_answer = kLargestRefusal;
  request.stop = std::move(stop);
  KILN_ASSIGN(net::ClientResponse response, client_.send(request));
  return std::move(response.body);
}

base::Result<ObjectPage> S3Bucket::list(const std::string& prefix, const std::string& delimiter,
                                        const std::optional<std::string>& from,
                                        std::stop_token stop) const {
  S3Request request;
  request.query = {{"list-type", "2"}, {"prefix", prefix}};
  if (!delimiter.empty()) request.query.emplace_back("delimiter", delimiter);
  if (from) request.query.emplace_back("continuation-token", *from);
  request.stop = std::move(stop);
  KILN_ASSIGN(const auto response, client_.send(request));
  KILN_ASSIGN(const XmlElement root, document_of(response, "ListBucketResult"));
  ObjectPage page;
  for (const XmlElement& child : root.children) {
    if (child.name == "Contents") page.keys.push_back(child.child_text("Key"));
    if (child.name == "CommonPrefixes") page.prefixes.push_back(child.child_text("Prefix"));
  }
  KILN_ASSIGN(page.next, next_of(root, "NextContinuationToken"));
  return page;
}

base::Status S3Bucket::go_on(ListProgress& progress, const std::vector<std::string>& entries,
                             const std::optional<std::string>& next,
                             const std::stop_token& stop) const {
  KILN_TRY(progress.on_page(entries, next));
  if (next && progress.is_paced() && !client_.pause(kPageDelay, stop)) {
    return Error(ErrorCode::kCancelled, "stopped between the pages of a list");
  }
  return {};
}

base::Status S3Bucket::for_each_page(const std::string& prefix, const std::string& delimiter,
                                     const std::function<base::Status(ObjectPage)>& take,
                                     const std::stop_token& stop) const {
  ListProgress progress(false);
  std::optional<std::string> from;
  do {
    KILN_ASSIGN(ObjectPage page, list(prefix, delimiter, from, stop));
    from = page.next;
    std::vector<std::string> entries = page.keys;
    entries.insert(entries.end(), page.prefixes.begin(), page.prefixes.end());
    KILN_TRY(take(std::move(page)));
    KILN_TRY(go_on(progress, entries, from, stop));
  } while (from);
  return {};
}

base::Status S3Bucket::probe(const std::string& prefix) const {
  S3Request request;
  request.query = {{"list-type", "2"}, {"prefix", prefix}, {"max-keys", "1"}};
  request.once = true;
  KILN_ASSIGN(const auto response, client_.send(request));
  KILN_TRY(document_of(response, "ListBucketResult"));
  return {};
}

base::Status S3Bucket::remove(const std::vector<std::string>& keys, std::stop_token stop) const {
  if (keys.empty()) return {};
  std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const std::string& key : keys) {
    body += "<Object><Key>" + xml_escape(key) + "</Key></Object>";
  }
  body += "<Quiet>true</Quiet></Delete>";
  S3Request request{"POST", ""};
  request.query = {{"delete", ""}};
  request.headers.add("content-md5", base::base64_encode(base::md5(body)));
  request.headers.add("content-type", "application/xml");
  request.body = body;
  request.stop = std::move(stop);
  KILN_ASSIGN(const auto response, client_.send(request));
  KILN_ASSIGN(const XmlElement root, document_of(response, "DeleteResult"));
  for (const XmlElement& child : root.children) {
    const std::string code = child.child_text("Code");
    if (child.name != "Error" || code == "NoSuchKey") continue;
    return Error(code_of_key_error(code), "the object store did not remove " +
                                              child.child_text("Key") + ": " + code + ": " +
                                              child.child_text("Message"));
  }
  return {};
}

base::Result<std::string> S3Bucket::begin_upload(const std::string& key,
                                                 std::stop_token stop) const {
  S3Request request{"POST", key, {{"uploads", ""}}};
  request.headers = encryption_headers();
  if (options().checksum == S3Checksum::kCrc32c) {
    request.headers.add("x-amz-checksum-algorithm", "CRC32C");
  }
  request.stop = std::move(stop);
  KILN_ASSIGN(const auto response, client_.send(request));
  KILN_ASSIGN(const XmlElement root, document_of(response, "InitiateMultipartUploadResult"));
  std::string id = root.child_text("UploadId");
  if (id.empty()) return Error(ErrorCode::kIo, "the object store began an upload without an id");
  return id;
}

base::Result<UploadedPart> S3Bucket::put_part(const std::string& key, const std::string& upload,
                                              uint32_t number, std::string_view bytes,
                                              std::stop_token stop) const {
  S3Request request{"PUT", key, {{"partNumber", std::to_string(number)}, {"uploadId", upload}}};
  UploadedPart part{"", checksum_of(bytes)};
  if (!part.checksum.empty()) request.headers.add("x-amz-checksum-crc32c", part.checksum);
  request.body = bytes;
  request.stop = std::move(stop);
  KILN_ASSIGN(const auto response, client_.send(request));
  auto tag = response.headers.get("ETag");
  if (!tag) return Error(ErrorCode::kIo, "the object store took a part without a tag");
  part.tag = *std::move(tag);
  return part;
}

base::Status S3Bucket::complete_upload(const std::string& key, const std::string& upload,
                                       const std::vector<UploadedPart>& parts, uint64_t size,
                                       std::stop_token stop) const {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < parts.size(); ++i) {
    body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" +
            xml_escape(parts[i].tag) + "</ETag>";
    if (!parts[i].checksum.empty()) {
      body += "<ChecksumCRC32C>" + parts[i].checksum + "</ChecksumCRC32C>";
    }
    body += "</Part>";
  }
  body += "</CompleteMultipartUpload>";
  S3Request request{"POST", key, {{"uploadId", upload}}};
  request.headers.add("content-type", "application/xml");
  request.body = body;
  request.stop = stop;
  auto response = client_.send(request);
  if (response.ok()) {
    // "…Result"; moto says "…Response". An "Error" has been seen by the client.
    const auto root = parse_xml(response->body);
    if (root.ok() && root->name.starts_with("CompleteMultipartUpload")) return {};
    return Error(ErrorCode::kIo, "the object store does not say that the upload is complete");
  }
  if (response.error().code() != ErrorCode::kNotFound) return std::move(response).error();
  const auto stored = head(key, std::move(stop));
  if (stored.ok() && *stored == size) return {};
  return std::move(response).error();
}

base::Status S3Bucket::abort_upload(const std::string& key, const std::string& upload,
                                    std::stop_token stop) const {
  S3Request request{"DELETE", key, {{"uploadId", upload}}};
  request.stop = std::move(stop);
  auto response = client_.send(request);
  if (response.ok() || response.error().code() == ErrorCode::kNotFound) return {};
  return std::move(response).error();
}

base::Result<std::vector<UnfinishedUpload>> S3Bucket::unfinished_uploads(
    const std::string& prefix, std::stop_token stop) const {
  std::vector<UnfinishedUpload> uploads;
  ListProgress progress(true);
  S3Request request;
  request.stop = stop;
  request.query = {{"uploads", ""}, {"prefix", prefix}};
  for (;;) {
    KILN_ASSIGN(const auto response, client_.send(request));
    KILN_ASSIGN(const XmlElement root, document_of(response, "ListMultipartUploadsResult"));
    std::vector<std::string> keys;
    for (const XmlElement& child : root.children) {
      if (child.name != "Upload") continue;
      UnfinishedUpload one{child.child_text("Key"), child.child_text("UploadId")};
      keys.push_back(one.key);
      // Not every store minds the prefix.
      if (one.key.starts_with(prefix)) uploads.push_back(std::move(one));
    }
    KILN_ASSIGN(auto key, next_of(root, "NextKeyMarker"));
    std::optional<std::string> next = key;
    if (next) *next += "\n" + root.child_text("NextUploadIdMarker");
    KILN_TRY(go_on(progress, keys, next, stop));
    if (!key) return uploads;
    request.query = {{"uploads", ""},
                     {"prefix", prefix},
                     {"key-marker", *std::move(key)},
                     {"upload-id-marker", root.child_text("NextUploadIdMarker")}};
  }
}

}  // namespace kiln::sink
