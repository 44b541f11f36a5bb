#include "sink/s3/signature_v4.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace kiln::sink {
namespace {

constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

base::WallTime at(int64_t seconds) {
  return base::WallTime(std::chrono::milliseconds(seconds * 1000));
}

/// The part behind "Signature=".
std::string proof_of(const std::string& text) { return text.substr(text.rfind("Signature=") + 10); }

// The examples of the S3 reference: "Authenticating Requests: Using the Authorization Header".
class S3ExampleTest : public ::testing::Test {
 protected:
  SignedRequest request(std::string method, std::string path, QueryFields query = {}) {
    return {std::move(method),
            std::move(path),
            std::move(query),
            {{"host", "examplebucket.s3.amazonaws.com"},
             {"x-amz-content-sha256", kEmpty},
             {"x-amz-date", "20130524T000000Z"}},
            kEmpty};
  }
  const S3Credentials credentials_{"AKIAIOSFODNN7EXAMPLE",
                                   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  const SigningScope scope_{"us-east-1", "s3", at(1369353600)};
};

TEST_F(S3ExampleTest, GetObject) {
  SignedRequest get = request("GET", "/test.txt");
  get.headers["range"] = "bytes=0-9";
  EXPECT_EQ(base::sha256_hex(canonical_request(get)),
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
  EXPECT_EQ(authorization(get, credentials_, scope_),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(S3ExampleTest, PutObject) {
  SignedRequest put = request("PUT", "/test%24file.text");
  put.payload_hash = base::sha256_hex("Welcome to Amazon S3.");
  put.headers["x-amz-content-sha256"] = put.payload_hash;
  put.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  put.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  EXPECT_EQ(proof_of(authorization(put, credentials_, scope_)),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_F(S3ExampleTest, QueryWithoutAValue) {
  EXPECT_EQ(proof_of(authorization(request("GET", "/", {{"lifecycle", ""}}), credentials_, scope_)),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_F(S3ExampleTest, QueryIsSorted) {
  const QueryFields query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(proof_of(authorization(request("GET", "/", query), credentials_, scope_)),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_F(S3ExampleTest, PresignedAddress) {
  SignedRequest get{"GET", "/test.txt", {}, {{"host", "examplebucket.s3.amazonaws.com"}}, ""};
  EXPECT_EQ(presigned_query(get, credentials_, scope_, 86400),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
            "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
            "&X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_F(S3ExampleTest, SessionTokenIsPartOfAPresignedAddress) {
  S3Credentials session = credentials_;
  session.session_token = "a/b+c";
  const SignedRequest get{"GET", "/test.txt", {}, {{"host", "h"}}, ""};
  const std::string query = presigned_query(get, session, scope_, 60);
  EXPECT_NE(query.find("&X-Amz-Security-Token=a%2Fb%2Bc&"), std::string::npos);
  EXPECT_NE(proof_of(query), proof_of(presigned_query(get, credentials_, scope_, 60)));
}

// The general test suite of the signature: one host, one time, the service "service".
class SuiteTest : public ::testing::Test {
 protected:
  std::string proof(SignedRequest request) {
    request.headers["host"] = "example.amazonaws.com";
    request.headers["x-amz-date"] = "20150830T123600Z";
    request.payload_hash = kEmpty;
    return proof_of(authorization(request, credentials_, {"us-east-1", "service", time_}));
  }
  const base::WallTime time_ = at(1440938160);
  const S3Credentials credentials_{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
};

TEST_F(SuiteTest, SigningKey) {
  EXPECT_EQ(base::to_hex(signing_key(credentials_, {"us-east-1", "iam", time_})),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST_F(SuiteTest, GetVanilla) {
  EXPECT_EQ(proof({"GET", "/", {}, {}, ""}),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST_F(SuiteTest, PostVanilla) {
  EXPECT_EQ(proof({"POST", "/", {}, {}, ""}),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_F(SuiteTest, GetVanillaQueryOrderKeyCase) {
  EXPECT_EQ(proof({"GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}, ""}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST_F(SuiteTest, GetHeaderValueTrim) {
  EXPECT_EQ(
      proof({"GET", "/", {}, {{"my-header1", "  value1"}, {"my-header2", " \"a   b   c\" "}}, ""}),
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(SignatureTest, CanonicalQueryEncodes) {
  EXPECT_EQ(canonical_query({}), "");
  EXPECT_EQ(canonical_query({{"b", "a b/c"}, {"a", "~-_.\xC3\xA4+"}, {"a", "!"}}),
            "a=%21&a=~-_.%C3%A4%2B&b=a%20b%2Fc");
}

TEST(SignatureTest, DateDropsPartsOfASecond) {
  EXPECT_EQ(amz_date(base::WallTime(std::chrono::milliseconds(1440938160'999))),
            "20150830T123600Z");
}

}  // namespace
}  // namespace kiln::sink
