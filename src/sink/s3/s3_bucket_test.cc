#include "sink/s3/s3_bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/digest.h"
#include "sink/testing/scripted_store.h"

namespace kiln::sink {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

net::Headers with(std::string name, std::string value) {
  net::Headers headers;
  headers.add(std::move(name), std::move(value));
  return headers;
}

class S3BucketTest : public ::testing::Test {
 protected:
  S3Bucket bucket() { return {options_, store_.seams()}; }

  testing::ScriptedStore store_;
  S3Options options_ = testing::ScriptedStore::options();
};

TEST_F(S3BucketTest, ListsPageByPage) {
  store_.answer(200,
                "<ListBucketResult><IsTruncated>true</IsTruncated>"
                "<NextContinuationToken>t+1</NextContinuationToken>"
                "<Contents><Key>p/a&amp;b</Key></Contents>"
                "<CommonPrefixes><Prefix>p/c/</Prefix></CommonPrefixes></ListBucketResult>");
  store_.answer(200,
                "<ListBucketResult><IsTruncated>false</IsTruncated>"
                "<Contents><Key>p/d</Key></Contents></ListBucketResult>");
  auto page = bucket().list("p/", "/", std::nullopt, {});
  ASSERT_TRUE(page.ok()) << page.error().to_string();
  EXPECT_THAT(page->keys, ElementsAre("p/a&b"));
  EXPECT_THAT(page->prefixes, ElementsAre("p/c/"));
  EXPECT_EQ(page->next, "t+1");
  page = bucket().list("p/", "/", page->next, {});
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->keys, ElementsAre("p/d"));
  EXPECT_EQ(page->next, std::nullopt);
  EXPECT_THAT(store_.seen(), ElementsAre("GET ?delimiter=%2F&list-type=2&prefix=p%2F",
                                         "GET ?continuation-token=t%2B1&delimiter=%2F&list-type=2"
                                         "&prefix=p%2F"));
}

/// Taking the rest for nothing would leave it for ever.
TEST_F(S3BucketTest, AListThatBreaksOffIsAnError) {
  store_.answer(200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>");
  EXPECT_EQ(bucket().list("p/", "", std::nullopt, {}).error().code(), ErrorCode::kIo);
  store_.answer(200, "<html/>");
  EXPECT_EQ(bucket().list("p/", "", std::nullopt, {}).error().code(), ErrorCode::kIo);
  store_.answer(200, "");
  EXPECT_EQ(bucket().list("p/", "", std::nullopt, {}).error().code(), ErrorCode::kIo);
}

TEST_F(S3BucketTest, RemovesABatchAndReadsWhatBecameOfEachKey) {
  store_.answer(200, "<DeleteResult/>");
  EXPECT_TRUE(bucket().remove({"a&b", "c"}, {}).ok());
  const auto request = store_.requests()[0];
  EXPECT_EQ(request.what, "POST ?delete=");
  EXPECT_THAT(request.body, HasSubstr("<Object><Key>a&amp;b</Key></Object><Object><Key>c</Key>"));
  EXPECT_EQ(request.headers.get("content-md5"), base::base64_encode(base::md5(request.body)));

  const std::pair<const char*, std::optional<ErrorCode>> cases[] = {
      {"AccessDenied", ErrorCode::kIo},
      {"SlowDown", ErrorCode::kUnavailable},
      {"InternalError", ErrorCode::kUnavailable},
      {"NoSuchKey", std::nullopt}};
  for (const auto& [code, expected] : cases) {
    store_.answer(200, "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>c</Key><Code>" +
                           std::string(code) + "</Code></Error></DeleteResult>");
    const base::Status removed = bucket().remove({"a", "c"}, {});
    ASSERT_EQ(removed.ok(), !expected.has_value()) << code;
    if (!removed.ok()) {
      EXPECT_EQ(removed.error().code(), *expected) << code;
      EXPECT_THAT(removed.error().message(), HasSubstr("did not remove c"));
    }
  }
  const size_t before = store_.requests().size();
  EXPECT_TRUE(bucket().remove({}, {}).ok());
  EXPECT_EQ(store_.requests().size(), before);
}

TEST_F(S3BucketTest, EncryptionIsAskedForWhereAnObjectBegins) {
  options_.encryption = S3Encryption::kAes256;
  EXPECT_TRUE(bucket().put("key", "x", {}).ok());
  EXPECT_EQ(store_.requests()[0].headers.get("x-amz-server-side-encryption"), "AES256");
  options_.encryption = S3Encryption::kKms;
  options_.kms_key = "arn:key";
  store_.answer(200,
                "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                "</InitiateMultipartUploadResult>");
  EXPECT_EQ(*bucket().begin_upload("key", {}), "u");
  const net::Headers begun = store_.requests()[1].headers;
  EXPECT_EQ(begun.get("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(begun.get("x-amz-server-side-encryption-aws-kms-key-id"), "arn:key");
  EXPECT_THAT(*begun.get("authorization"), HasSubstr("x-amz-server-side-encryption;"));
  store_.answer(200, "", with("ETag", "\"t\""));
  EXPECT_EQ(bucket().put_part("key", "u", 1, "x", {})->tag, "\"t\"");
  EXPECT_FALSE(store_.requests()[2].headers.has("x-amz-server-side-encryption"));
}

TEST_F(S3BucketTest, AChecksumGoesWithWhatIsStoredIfAskedFor) {
  EXPECT_TRUE(bucket().put("key", "123456789", {}).ok());
  EXPECT_FALSE(store_.requests()[0].headers.has("x-amz-checksum-crc32c"));
  options_.checksum = S3Checksum::kCrc32c;
  EXPECT_TRUE(bucket().put("key", "123456789", {}).ok());
  EXPECT_EQ(store_.requests()[1].headers.get("x-amz-checksum-crc32c"), "4waSgw==");
  store_.answer(200,
                "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                "</InitiateMultipartUploadResult>");
  EXPECT_TRUE(bucket().begin_upload("key", {}).ok());
  EXPECT_EQ(store_.requests()[2].headers.get("x-amz-checksum-algorithm"), "CRC32C");
  store_.answer(200, "", with("ETag", "\"t\""));
  EXPECT_EQ(bucket().put_part("key", "u", 1, "123456789", {})->checksum, "4waSgw==");
  EXPECT_EQ(store_.requests()[3].headers.get("x-amz-checksum-crc32c"), "4waSgw==");
}

TEST_F(S3BucketTest, CompletesAnUpload) {
  store_.answer(200, "<CompleteMultipartUploadResult/>");
  EXPECT_TRUE(bucket().complete_upload("key", "u", {{"\"1\"", ""}, {"\"2\"", "sum="}}, 9, {}).ok());
  EXPECT_EQ(store_.requests()[0].what, "POST /key?uploadId=u");
  EXPECT_THAT(store_.requests()[0].body,
              HasSubstr("<Part><PartNumber>2</PartNumber><ETag>&quot;2&quot;</ETag>"
                        "<ChecksumCRC32C>sum=</ChecksumCRC32C></Part>"));
}

/// The answer was lost, and the next try is told that there is no such upload.
TEST_F(S3BucketTest, AnUploadThatIsGoneWasCompletedIfTheObjectIsThere) {
  store_.break_connection();
  store_.refuse(404, "NoSuchUpload");
  store_.answer(200, "", with("Content-Length", "9"));
  EXPECT_TRUE(bucket().complete_upload("key", "u", {{"t", ""}}, 9, {}).ok());
  store_.refuse(404, "NoSuchUpload");
  store_.answer(200, "", with("Content-Length", "8"));
  EXPECT_EQ(bucket().complete_upload("key", "u", {{"t", ""}}, 9, {}).error().code(),
            ErrorCode::kNotFound);
  store_.refuse(404, "NoSuchUpload");
  store_.answer(404);
  EXPECT_FALSE(bucket().complete_upload("key", "u", {{"t", ""}}, 9, {}).ok());
}

TEST_F(S3BucketTest, AnAbortedUploadMayBeGone) {
  store_.answer(204);
  EXPECT_TRUE(bucket().abort_upload("key", "u", {}).ok());
  store_.refuse(404, "NoSuchUpload");
  EXPECT_TRUE(bucket().abort_upload("key", "u", {}).ok());
  store_.refuse(403, "AccessDenied");
  EXPECT_EQ(bucket().abort_upload("key", "u", {}).error().code(), ErrorCode::kIo);
}

TEST_F(S3BucketTest, ReadsRangesOfOneObject) {
  store_.answer(206, "3456", with("ETag", "\"e\""));
  const auto piece = bucket().get("key", 3, 4, "", {});
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(piece->bytes, "3456");
  EXPECT_EQ(piece->etag, "\"e\"");
  EXPECT_EQ(store_.requests()[0].headers.get("range"), "bytes=3-6");
  EXPECT_FALSE(store_.requests()[0].headers.has("if-match"));
  store_.refuse(412, "PreconditionFailed");
  EXPECT_EQ(bucket().get("key", 7, 4, "\"e\"", {}).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(store_.requests()[1].headers.get("if-match"), "\"e\"");
  store_.answer(206, "345");
  EXPECT_EQ(bucket().get("key", 3, 4, "", {}).error().code(), ErrorCode::kConflict) << "shorter";
  store_.answer(200, "0123");
  EXPECT_EQ(bucket().get("key", 3, 4, "", {}).error().code(), ErrorCode::kIo) << "not a range";
  store_.answer(200, "0123");
  EXPECT_EQ(bucket().get("key", 0, 4, "", {})->bytes, "0123") << "the whole is one, too";
}

TEST_F(S3BucketTest, FindsUnfinishedUploadsPageByPage) {
  store_.answer(200,
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                "<NextKeyMarker>p/a</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>"
                "<Upload><Key>p/a</Key><UploadId>1</UploadId></Upload>"
                "</ListMultipartUploadsResult>");
  store_.answer(200,
                "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                "<Upload><Key>p/b</Key><UploadId>2</UploadId></Upload>"
                "<Upload><Key>q/other</Key><UploadId>9</UploadId></Upload>"
                "</ListMultipartUploadsResult>");
  const auto uploads = bucket().unfinished_uploads("p/", {});
  ASSERT_TRUE(uploads.ok()) << uploads.error().to_string();
  ASSERT_EQ(uploads->size(), 2U);
  EXPECT_EQ((*uploads)[0].key + (*uploads)[0].id, "p/a1");
  EXPECT_EQ((*uploads)[1].key + (*uploads)[1].id, "p/b2");
  EXPECT_THAT(store_.seen(),
              ElementsAre("GET ?prefix=p%2F&uploads=",
                          "GET ?key-marker=p%2Fa&prefix=p%2F&upload-id-marker=1&uploads="));
}

}  // namespace
}  // namespace kiln::sink
