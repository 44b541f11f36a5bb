#include "sink/s3/s3_client.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "sink/testing/scripted_store.h"

namespace kiln::sink {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class S3ClientTest : public ::testing::Test {
 protected:
  base::Result<net::ClientResponse> send(const S3Request& request = {"GET", "a/b"}) {
    return S3Client(options_, store_.seams()).send(request);
  }
  ErrorCode code_of_refusal(int status, const std::string& code) {
    testing::ScriptedStore store;
    store.otherwise = [&](const auto&) {
      return net::ClientResponse{status, {}, "<Error><Code>" + code + "</Code></Error>"};
    };
    const auto response = S3Client(options_, store.seams()).send({"GET", "key"});
    EXPECT_FALSE(response.ok());
    EXPECT_EQ(store.requests().size(),
              response.error().code() == ErrorCode::kUnavailable ? S3Client::kTries : 1U)
        << status << ' ' << code;
    return response.error().code();
  }

  testing::ScriptedStore store_;
  S3Options options_ = testing::ScriptedStore::options();
};

TEST_F(S3ClientTest, GivesAnAnswer) {
  store_.answer(200, "text");
  const auto response = send();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "text");
  EXPECT_EQ(store_.seen(), std::vector<std::string>{"GET /a/b"});
}

TEST_F(S3ClientTest, TriesAgainWhatMayPassWithGrowingWaits) {
  store_.break_connection();
  store_.refuse(500, "InternalError");
  store_.refuse(503, "SlowDown");
  store_.refuse(400, "RequestTimeout");
  store_.answer(429);
  store_.answer(200, "text");
  const auto response = send();
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->body, "text");
  const auto waits = store_.waits();
  ASSERT_EQ(waits.size(), 5U);
  for (size_t i = 0; i < waits.size(); ++i) {
    const milliseconds most = milliseconds(100) * (1 << i);
    EXPECT_GE(waits[i], most / 2) << i;
    EXPECT_LE(waits[i], most) << i;
  }
}

/// Many who were refused together do not come back together.
TEST_F(S3ClientTest, WaitsDiffer) {
  std::set<milliseconds> different;
  for (int i = 0; i < 50; ++i) {
    store_.answer(503);
    EXPECT_TRUE(send().ok());
    different.insert(store_.waits().back());
  }
  EXPECT_GT(different.size(), 5U);
}

TEST_F(S3ClientTest, GivesUpAfterSixTries) {
  store_.otherwise = [](const auto&) { return net::ClientResponse{503, {}, ""}; };
  EXPECT_EQ(send().error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(store_.requests().size(), 6U);
}

TEST_F(S3ClientTest, EachTryIsSignedAnew) {
  store_.break_connection();
  EXPECT_TRUE(send().ok());
  const auto requests = store_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].headers.get("x-amz-date"), requests[1].headers.get("x-amz-date"));
  EXPECT_NE(requests[0].headers.get("authorization"), requests[1].headers.get("authorization"));
}

TEST_F(S3ClientTest, TellsRefusalsApart) {
  EXPECT_EQ(code_of_refusal(404, "NoSuchKey"), ErrorCode::kNotFound);
  EXPECT_EQ(code_of_refusal(404, "NoSuchUpload"), ErrorCode::kNotFound);
  EXPECT_EQ(code_of_refusal(404, "NoSuchBucket"), ErrorCode::kIo) << "it will not mend itself";
  EXPECT_EQ(code_of_refusal(403, "AccessDenied"), ErrorCode::kIo) << "not 'not there'";
  EXPECT_EQ(code_of_refusal(403, "RequestTimeTooSkewed"), ErrorCode::kIo);
  EXPECT_EQ(code_of_refusal(400, "EntityTooLarge"), ErrorCode::kIo);
  EXPECT_EQ(code_of_refusal(501, "NotImplemented"), ErrorCode::kIo);
  EXPECT_EQ(code_of_refusal(412, "PreconditionFailed"), ErrorCode::kConflict);
  EXPECT_EQ(code_of_refusal(416, "InvalidRange"), ErrorCode::kConflict);
  EXPECT_EQ(code_of_refusal(409, "OperationAborted"), ErrorCode::kUnavailable);
  EXPECT_EQ(code_of_refusal(502, ""), ErrorCode::kUnavailable);
}

/// CompleteMultipartUpload says 200 before it knows.
TEST_F(S3ClientTest, AnErrorBehindA200IsOne) {
  store_.refuse(200, "InternalError");
  store_.answer(200, "<CompleteMultipartUploadResult/>");
  S3Request request{"POST", "key"};
  EXPECT_TRUE(send(request).ok());
  EXPECT_EQ(store_.requests().size(), 2U);
  store_.refuse(200, "InternalError");
  request.method = "GET";  // an object may be such a text
  EXPECT_THAT(send(request)->body, HasSubstr("InternalError"));
}

TEST_F(S3ClientTest, AStopEndsTheWaiting) {
  std::stop_source stop;
  store_.otherwise = [](const auto&) { return net::ClientResponse{503, {}, ""}; };
  store_.on_wait = [&](std::stop_token token) {
    stop.request_stop();
    return !token.stop_requested();
  };
  S3Request request{"GET", "key"};
  request.stop = stop.get_token();
  EXPECT_EQ(send(request).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(store_.requests().size(), 1U);
}

TEST_F(S3ClientTest, AQuestionInPassingIsAskedOnce) {
  store_.break_connection();
  S3Request request;
  request.once = true;
  EXPECT_EQ(send(request).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(store_.requests().size(), 1U);
}

TEST_F(S3ClientTest, KeysAreEncodedAndTheTokenOfASessionIsSigned) {
  options_.credentials.session_token = "token";
  EXPECT_TRUE(send({"GET", "a b/c+d=e"}).ok());
  const auto request = store_.requests()[0];
  EXPECT_EQ(request.what, "GET /a%20b/c%2Bd%3De");
  EXPECT_EQ(request.headers.get("x-amz-security-token"), "token");
  EXPECT_THAT(*request.headers.get("authorization"),
              HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"));
}

TEST_F(S3ClientTest, TheBucketIsInThePathOrInTheHost) {
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(store_.requests()[0].url, "http://store/bucket/a/b");
  options_.addressing = S3Addressing::kVirtualHost;
  EXPECT_TRUE(send().ok());
  EXPECT_EQ(store_.requests()[1].url, "http://bucket.store/a/b");
  EXPECT_EQ(store_.requests()[1].headers.get("host"), "bucket.store");
  S3Request list;
  list.query = {{"list-type", "2"}};
  EXPECT_TRUE(send(list).ok());
  EXPECT_EQ(store_.requests()[2].url, "http://bucket.store/?list-type=2");
}

/// Where somebody could change the bytes on their way, the signature is of them.
TEST_F(S3ClientTest, ALargeBodyIsSignedWhereItsWayIsOpen) {
  const std::string large(2 << 20, 'x');
  const std::pair<const char*, bool> cases[] = {{"http://store", true},
                                                {"http://127.evil.example", true},
                                                {"https://store", false},
                                                {"http://127.0.0.1:9000", false},
                                                {"http://[::1]:9000", false},
                                                {"http://localhost:9000", false},
                                                {"http://localhost.example", true}};
  for (const auto& [endpoint, is_signed] : cases) {
    options_.endpoint = endpoint;
    for (const std::string& body : {large, std::string("small")}) {
      S3Request request{"PUT", "key"};
      request.body = body;
      EXPECT_TRUE(send(request).ok());
      const std::string hash = *store_.requests().back().headers.get("x-amz-content-sha256");
      const bool all = is_signed || body.size() < large.size();
      EXPECT_EQ(hash, all ? base::sha256_hex(body) : "UNSIGNED-PAYLOAD") << endpoint;
    }
  }
}

TEST_F(S3ClientTest, ErrorsDoNotTellSecrets) {
  options_.credentials = {"the-id", "the-secret", "the-token"};
  store_.refuse(403, "SignatureDoesNotMatch");
  const std::string text = send().error().to_string();
  EXPECT_THAT(text, HasSubstr("SignatureDoesNotMatch"));
  EXPECT_THAT(text, Not(HasSubstr("the-")));
}

}  // namespace
}  // namespace kiln::sink
