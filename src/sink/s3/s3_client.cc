#include "sink/s3/s3_client.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/digest.h"
#include "sink/s3/xml.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;

constexpr milliseconds kFirstDelay{100};
constexpr milliseconds kLongestDelay{10'000};
constexpr milliseconds kShortTimeout{2'000};

/// What a store says of a request that it did not carry out.
struct Refusal {
  int status;
  std::string code;  ///< "NoSuchKey"; empty if the answer had no body
  std::string text;
};

Refusal refusal_of(const net::ClientResponse& response) {
  Refusal refusal{response.status, "", ""};
  const auto root = parse_xml(response.body);
  if (root.ok() && root->name == "Error") {
    refusal.code = root->child_text("Code");
    refusal.text = root->child_text("Message");
    const std::string region = root->child_text("Region");
    if (!region.empty()) refusal.text += " (region " + region + ")";
  }
  return refusal;
}

/// An answer that began before it was known how things would end: CompleteMultipartUpload says 200
/// and then, perhaps, that it failed.
bool is_late_refusal(const S3Request& request, const net::ClientResponse& response) {
  if (request.method != "POST") return false;
  const auto root = parse_xml(response.body);
  return root.ok() && root->name == "Error";
}

bool may_pass(const Refusal& refusal) {
  static constexpr std::string_view kCodes[] = {
      "InternalError", "OperationAborted",    "RequestTimeout",  "ServiceUnavailable",  "SlowDown",
      "Throttling",    "ThrottlingException", "TooManyRequests", "RequestLimitExceeded"};
  if (std::find(std::begin(kCodes), std::end(kCodes), refusal.code) != std::end(kCodes)) {
    return true;
  }
  const int status = refusal.status;
  return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

ErrorCode code_of(const Refusal& refusal) {
  if (may_pass(refusal)) return ErrorCode::kUnavailable;
  if (refusal.status == 404) {
    return refusal.code == "NoSuchBucket" ? ErrorCode::kIo : ErrorCode::kNotFound;
  }
  if (refusal.status == 416 || refusal.status == 412) return ErrorCode::kConflict;
  return ErrorCode::kIo;
}

Error error_of(const S3Request& request, const Refusal& refusal) {
  std::string message = "the object store refused " + request.method + " " +
                        (request.key.empty() ? "of the bucket" : request.key) + ": " +
                        std::to_string(refusal.status);
  if (!refusal.code.empty()) message += " " + refusal.code;
  if (!refusal.text.empty()) message += ": " + refusal.text;
  return Error(code_of(refusal), std::move(message));
}

/// TLS, or a network of one machine.
bool is_private(std::string_view origin) {
  if (origin.starts_with("https://")) return true;
  const std::string_view authority = origin.substr(origin.find("://") + 3);
  const std::string_view host = authority.substr(0, authority.find(':'));
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return (is_number && host.starts_with("127.")) || host == "localhost" ||
         authority.starts_with("[::1]");
}

}  // namespace

bool wait_or_stop(milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

S3Client::S3Client(S3Options options, S3Seams seams)
    : options_(std::move(options)),
      address_(address_of(options_)),
      is_private_(is_private(address_.origin)),
      seams_(std::move(seams)) {}

/// Digesting a part takes as long as sending it to a neighbour, and the store does the same again.
std::string S3Client::payload_hash_of(std::string_view body) const {
  static constexpr size_t kLarge = 1 << 20;
  return is_private_ && body.size() >= kLarge ? "UNSIGNED-PAYLOAD" : base::sha256_hex(body);
}

std::string S3Client::path_of(const std::string& key) const {
  return address_.path + "/" + net::percent_encode(key, "/");
}

net::ClientRequest S3Client::signed_request(const S3Request& request,
                                            const std::string& payload_hash) const {
  const base::WallTime now = seams_.clock.now();
  SignedRequest covered{request.method, path_of(request.key), request.query, {}, payload_hash};
  if (request.key.empty() && !address_.path.empty()) covered.path = address_.path;
  covered.headers["host"] = address_.host;
  covered.headers["x-amz-date"] = amz_date(now);
  covered.headers["x-amz-content-sha256"] = payload_hash;
  if (!options_.credentials.session_token.empty()) {
    covered.headers["x-amz-security-token"] = options_.credentials.session_token;
  }
  net::ClientRequest wire;
  for (const auto& [name, value] : request.headers.fields()) {
    // Others may be changed on the way: they are sent, but not signed.
    if (name.starts_with("x-amz-") || name == "content-md5" || name == "content-type") {
      covered.headers[name] = value;
    } else {
      wire.headers.add(name, value);
    }
  }
  const std::string region = options_.region.empty() ? "us-east-1" : options_.region;
  for (const auto& [name, value] : covered.headers) wire.headers.add(name, value);
  wire.headers.add("authorization",
                   authorization(covered, options_.credentials, {region, "s3", now}));
  wire.method = request.method;
  wire.url = address_.origin + covered.path;
  if (!request.query.empty()) wire.url += "?" + canonical_query(request.query);
  wire.body = request.body;
  wire.max_body_size = request.max_answer;
  wire.stop = request.stop;
  wire.stall_timeout = request.once ? std::min<milliseconds>(kShortTimeout, options_.timeout)
                                    : milliseconds(options_.timeout);
  wire.connect_timeout = std::min(wire.connect_timeout, wire.stall_timeout);
  wire.ca_file = options_.ca_file;
  return wire;
}

base::Result<net::ClientResponse> S3Client::send_once(const S3Request& request,
                                                      const std::string& payload_hash) const {
  KILN_ASSIGN(net::ClientResponse response, seams_.perform(signed_request(request, payload_hash)));
  const bool good = response.status >= 200 && response.status < 300;
  if (!good || is_late_refusal(request, response)) {
    Refusal refusal = refusal_of(response);
    if (good) refusal.status = 500;
    return error_of(request, refusal);
  }
  return response;
}

base::Result<net::ClientResponse> S3Client::send(const S3Request& request) const {
  const std::string payload_hash = payload_hash_of(request.body);
  for (int tries = 1;; ++tries) {
    auto response = send_once(request, payload_hash);
    const bool again = !response.ok() && response.error().code() == ErrorCode::kUnavailable;
    if (!again || request.once || tries == kTries) return response;
    if (!seams_.wait(delay_after(tries), request.stop)) {
      return Error(ErrorCode::kCancelled, "stopped while waiting for the object store");
    }
  }
}

/// Half of it is chance, so that many who were refused together do not come back together.
milliseconds S3Client::delay_after(int tries) const {
  const milliseconds most = std::min(kLongestDelay, kFirstDelay * (1 << (tries - 1)));
  uint32_t chance = 0;
  uint8_t bytes[sizeof chance];
  seams_.random.fill(bytes);
  std::memcpy(&chance, bytes, sizeof chance);
  const int64_t half = most.count() / 2;
  return milliseconds(half + chance % (half + 1));
}

std::string S3Client::presigned_url(const std::string& key, const QueryFields& query,
                                    uint32_t seconds) const {
  const std::string region = options_.region.empty() ? "us-east-1" : options_.region;
  const SignedRequest covered{"GET", path_of(key), query, {{"host", address_.host}}, ""};
  return address_.origin + covered.path + "?" +
         presigned_query(covered, options_.credentials, {region, "s3", seams_.clock.now()},
                         seconds);
}

}  // namespace kiln::sink
