#include "sink/testing/memory_store.h"

#include <algorithm>

#include "net/http.h"
#include "sink/s3/xml.h"

namespace kiln::sink::testing {
namespace {

constexpr size_t kPage = 3;

net::ClientResponse text(int status, std::string body) { return {status, {}, std::move(body)}; }

net::ClientResponse refused(int status, const std::string& code) {
  return text(status, "<Error><Code>" + code + "</Code></Error>");
}

net::ClientResponse tagged(int status, std::string body = "") {
  net::ClientResponse response = text(status, std::move(body));
  response.headers.add("ETag", "\"tag\"");
  return response;
}

std::string element(const std::string& name, const std::string& value) {
  return "<" + name + ">" + xml_escape(value) + "</" + name + ">";
}

}  // namespace

MemoryStore::Target MemoryStore::target_of(const SeenRequest& request) {
  std::string path = request.what.substr(request.what.find(' ') + 1);
  Target target;
  const size_t mark = path.find('?');
  if (mark != std::string::npos) {
    const auto fields = *net::parse_query(path.substr(mark + 1));
    target.query = {fields.begin(), fields.end()};
    path.resize(mark);
  }
  target.key = *net::percent_decode(path, false);
  if (!target.key.empty()) target.key.erase(0, 1);
  return target;
}

ScriptedStore::Answer MemoryStore::handle(const SeenRequest& request) {
  const Target target = target_of(request);
  const std::lock_guard lock(mutex_);
  if (target.key.empty()) return on_bucket(request, target);
  const bool upload = target.query.contains("uploads") || target.query.contains("uploadId");
  return upload ? on_upload(request, target) : on_object(request, target);
}

net::ClientResponse MemoryStore::on_object(const SeenRequest& request, const Target& target) {
  if (request.what.starts_with("PUT ")) {
    objects_[target.key] = request.body;
    return tagged(200);
  }
  const auto found = objects_.find(target.key);
  if (found == objects_.end()) return refused(404, "NoSuchKey");
  if (request.what.starts_with("HEAD ")) {
    net::ClientResponse response = tagged(200);
    response.headers.add("Content-Length", std::to_string(found->second.size()));
    return response;
  }
  return read(request, found->second);
}

net::ClientResponse MemoryStore::read(const SeenRequest& request, const std::string& bytes) const {
  if (!request.headers.has("range")) return tagged(200, bytes);
  const std::string range = request.headers.get("range").value_or("bytes=0-").substr(6);
  const size_t first = std::stoul(range);
  const size_t last = std::min(std::stoul(range.substr(range.find('-') + 1)), bytes.size() - 1);
  if (first >= bytes.size()) return refused(416, "InvalidRange");
  return tagged(206, bytes.substr(first, last - first + 1));
}

net::ClientResponse MemoryStore::on_upload(const SeenRequest& request, const Target& target) {
  if (target.query.contains("uploads")) {
    const std::string id = "upload" + std::to_string(++last_id_);
    uploads_[id].key = target.key;
    return text(200, "<InitiateMultipartUploadResult>" + element("UploadId", id) +
                         "</InitiateMultipartUploadResult>");
  }
  const auto found = uploads_.find(target.query.at("uploadId"));
  if (found == uploads_.end()) return refused(404, "NoSuchUpload");
  if (request.what.starts_with("PUT ")) {
    found->second.parts[std::stoi(target.query.at("partNumber"))] = request.body;
    return tagged(200);
  }
  if (request.what.starts_with("POST ")) {
    std::string whole;
    for (const auto& [number, bytes] : found->second.parts) whole += bytes;
    objects_[target.key] = std::move(whole);
  }
  uploads_.erase(found);
  return text(200, "<CompleteMultipartUploadResult/>");
}

net::ClientResponse MemoryStore::on_bucket(const SeenRequest& request, const Target& target) {
  if (target.query.contains("delete")) return remove(request);
  return target.query.contains("uploads") ? list_uploads(target) : list(target);
}

net::ClientResponse MemoryStore::remove(const SeenRequest& request) {
  const auto root = parse_xml(request.body);
  for (const XmlElement& child : root->children) objects_.erase(child.child_text("Key"));
  return text(200, "<DeleteResult/>");
}

net::ClientResponse MemoryStore::list(const Target& target) const {
  const auto value_of = [&](const char* name) {
    const auto found = target.query.find(name);
    return found == target.query.end() ? std::string() : found->second;
  };
  const std::string prefix = value_of("prefix");
  const std::string delimiter = value_of("delimiter");
  const std::string after = value_of("continuation-token");
  std::string body;
  std::string last;
  size_t entries = 0;
  bool truncated = false;
  for (const auto& [key, bytes] : objects_) {
    if (!key.starts_with(prefix)) continue;
    const size_t end = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    const std::string entry = end == std::string::npos ? key : key.substr(0, end + 1);
    if (entry == last || (!after.empty() && entry <= after)) continue;
    if (entries++ == kPage) {
      truncated = true;
      break;
    }
    body += end == std::string::npos
                ? "<Contents>" + element("Key", entry) + "</Contents>"
                : "<CommonPrefixes>" + element("Prefix", entry) + "</CommonPrefixes>";
    last = entry;
  }
  if (truncated) body += "<IsTruncated>true</IsTruncated>" + element("NextContinuationToken", last);
  return text(200, "<ListBucketResult>" + body + "</ListBucketResult>");
}

net::ClientResponse MemoryStore::list_uploads(const Target& target) const {
  std::string body;
  for (const auto& [id, upload] : uploads_) {
    if (!upload.key.starts_with(target.query.at("prefix"))) continue;
    body += "<Upload>" + element("Key", upload.key) + element("UploadId", id) + "</Upload>";
  }
  return text(200, "<ListMultipartUploadsResult>" + body + "</ListMultipartUploadsResult>");
}

std::vector<std::string> MemoryStore::keys() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [key, bytes] : objects_) all.push_back(key);
  for (const auto& [id, upload] : uploads_) all.push_back(upload.key);
  return all;
}

}  // namespace kiln::sink::testing
