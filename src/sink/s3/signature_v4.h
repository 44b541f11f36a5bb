// AWS Signature Version 4: in a header, or in the query of an address that is given away.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace kiln::sink {

/// Never logged, never part of a message.
struct S3Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty for long-term keys
};

using QueryFields = std::vector<std::pair<std::string, std::string>>;  ///< decoded

/// What a signature covers of a request.
struct SignedRequest {
  std::string method;
  std::string path;  ///< percent-encoded, as it is sent
  QueryFields query;
  std::map<std::string, std::string> headers;  ///< lower-case names; "host" is one of them
  std::string payload_hash;                    ///< hex SHA-256 of the body, or "UNSIGNED-PAYLOAD"
};

/// Where and when a signature is good.
struct SigningScope {
  std::string region;
  std::string service;
  base::WallTime time;
};

/// "20130524T000000Z".
std::string amz_date(base::WallTime time);
/// "a=1&b=2", percent-encoded and sorted; also the form to be sent.
std::string canonical_query(const QueryFields& query);
std::string canonical_request(const SignedRequest& request);
/// 32 bytes.
std::string signing_key(const S3Credentials& credentials, const SigningScope& scope);
/// The value of the Authorization header. x-amz-date must be among the headers.
std::string authorization(const SignedRequest& request, const S3Credentials& credentials,
                          const SigningScope& scope);
/// The query with everything that signs it, good for `seconds`. The session token of the
/// credentials is added to it.
std::string presigned_query(SignedRequest request, const S3Credentials& credentials,
                            const SigningScope& scope, uint32_t seconds);

}  // namespace kiln::sink
