#include "sink/s3/signature_v4.h"

#include <algorithm>

#include "base/digest.h"
#include "net/http.h"

namespace kiln::sink {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string day_of(base::WallTime time) { return amz_date(time).substr(0, 8); }

std::string scope_text(const SigningScope& scope) {
  return day_of(scope.time) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

std::string signed_names(const SignedRequest& request) {
  std::string names;
  for (const auto& [name, value] : request.headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

/// Without blanks at the ends, and one where several were.
std::string squeezed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c != ' ') {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string signature(const SignedRequest& request, const S3Credentials& credentials,
                      const SigningScope& scope) {
  const std::string to_sign = std::string(kAlgorithm) + "\n" + amz_date(scope.time) + "\n" +
                              scope_text(scope) + "\n" +
                              base::sha256_hex(canonical_request(request));
  return base::to_hex(base::hmac_sha256(signing_key(credentials, scope), to_sign));
}

}  // namespace

std::string amz_date(base::WallTime time) {
  std::string date;
  for (const char c : base::to_instant(time)) {
    if (c == '.') break;
    if (c != '-' && c != ':') date += c;
  }
  return date + "Z";
}

std::string canonical_query(const QueryFields& query) {
  // Sorted as encoded: '_' and '~' stand as they are, others become '%'.
  QueryFields encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(net::percent_encode(name), net::percent_encode(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::string canonical_request(const SignedRequest& request) {
  std::string text =
      request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : request.headers) {
    text.append(name).append(":").append(squeezed(value)).append("\n");
  }
  return text + "\n" + signed_names(request) + "\n" + request.payload_hash;
}

std::string signing_key(const S3Credentials& credentials, const SigningScope& scope) {
  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string& part :
       {day_of(scope.time), scope.region, scope.service, std::string("aws4_request")}) {
    key = base::hmac_sha256(key, part);
  }
  return key;
}

std::string authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope) {
  return std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" +
         scope_text(scope) + ",SignedHeaders=" + signed_names(request) +
         ",Signature=" + signature(request, credentials, scope);
}

std::string presigned_query(SignedRequest request, const S3Credentials& credentials,
                            const SigningScope& scope, uint32_t seconds) {
  request.payload_hash = "UNSIGNED-PAYLOAD";
  QueryFields& query = request.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential", credentials.access_key_id + "/" + scope_text(scope));
  query.emplace_back("X-Amz-Date", amz_date(scope.time));
  query.emplace_back("X-Amz-Expires", std::to_string(seconds));
  if (!credentials.session_token.empty()) {
    query.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  query.emplace_back("X-Amz-SignedHeaders", signed_names(request));
  const std::string proof = signature(request, credentials, scope);
  return canonical_query(query) + "&X-Amz-Signature=" + proof;
}

}  // namespace kiln::sink
