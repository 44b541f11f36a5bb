#include "sink/s3/s3_options.h"

#include <gtest/gtest.h>

namespace kiln::sink {
namespace {

using base::ErrorCode;

S3Options usable() {
  S3Options options;
  options.bucket = "bucket";
  options.credentials = {"id", "secret", ""};
  return options;
}

TEST(S3OptionsTest, WholeAddress) {
  const auto options = read_s3_url(
      "s3://bucket/a/b/?endpoint=http%3A%2F%2Flocalhost:9000&region=eu-west-1&part-size=8MiB"
      "&presign=on&path-style=off&sse=aws:kms&kms-key=k&timeout=7&checksum=crc32c",
      usable());
  ASSERT_TRUE(options.ok()) << options.error().to_string();
  EXPECT_EQ(options->bucket, "bucket");
  EXPECT_EQ(options->prefix, "a/b");
  EXPECT_EQ(options->endpoint, "http://localhost:9000");
  EXPECT_EQ(options->region, "eu-west-1");
  EXPECT_EQ(options->part_size, 8U << 20);
  EXPECT_TRUE(options->presign);
  EXPECT_EQ(options->addressing, S3Addressing::kVirtualHost);
  EXPECT_EQ(options->encryption, S3Encryption::kKms);
  EXPECT_EQ(options->kms_key, "k");
  EXPECT_EQ(options->checksum, S3Checksum::kCrc32c);
  EXPECT_EQ(options->timeout, std::chrono::seconds(7));
  EXPECT_EQ(options->credentials.access_key_id, "id");
  EXPECT_TRUE(check_s3_options(*options).ok());
}

TEST(S3OptionsTest, DefaultsStay) {
  S3Options defaults = usable();
  defaults.region = "eu-central-1";
  defaults.presign = true;
  const auto options = read_s3_url("s3://other", defaults);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->bucket, "other");
  EXPECT_EQ(options->prefix, "");
  EXPECT_EQ(options->region, "eu-central-1");
  EXPECT_TRUE(options->presign);
  EXPECT_EQ(options->part_size, 16U << 20);
}

TEST(S3OptionsTest, BadAddresses) {
  for (const char* bad :
       {"http://bucket", "s3:bucket", "s3://b?x=1", "s3://b?presign=maybe", "s3://b?part-size=big",
        "s3://b?sse=aes", "s3://b?path-style=x", "s3://b?region=%zz", "s3://b?checksum=md5",
        "s3://b?timeout=0", "s3://b?timeout=3601", "s3://b?timeout=1s",
        "s3://b?timeout=", "s3://b?part-size=99999999999GiB"}) {
    const auto options = read_s3_url(bad, usable());
    ASSERT_FALSE(options.ok()) << bad;
    EXPECT_EQ(options.error().code(), ErrorCode::kUsage) << bad;
  }
}

template <typename Change>
std::optional<ErrorCode> checked(Change change) {
  S3Options options = usable();
  change(options);
  const auto status = check_s3_options(options);
  if (status.ok()) return std::nullopt;
  return status.error().code();
}

TEST(S3OptionsTest, Checks) {
  EXPECT_EQ(checked([](S3Options&) {}), std::nullopt);
  EXPECT_EQ(checked([](S3Options& o) { o.prefix = "a/b=c/_d.e-f"; }), std::nullopt);
  EXPECT_EQ(checked([](S3Options& o) { o.endpoint = "http://[::1]:9000/s3"; }), std::nullopt);
  for (const char* bad : {"", "ab", "-ab", "a/b", "a b c", "a?b"}) {
    EXPECT_EQ(checked([&](S3Options& o) { o.bucket = bad; }), ErrorCode::kUsage) << bad;
  }
  for (const char* bad : {"/a", "a/", "a//b", "../x", "a/./b", "a b", "a%20", "\xC3\xA4"}) {
    EXPECT_EQ(checked([&](S3Options& o) { o.prefix = bad; }), ErrorCode::kUsage) << bad;
  }
  for (const char* bad : {"localhost:9000", "ftp://host", "http://", "http://u:p@host",
                          "http://host?x", "http://host/%41", "http://:80"}) {
    EXPECT_EQ(checked([&](S3Options& o) { o.endpoint = bad; }), ErrorCode::kUsage) << bad;
  }
  EXPECT_EQ(checked([](S3Options& o) { o.part_size = (5 << 20) - 1; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.part_size = (1U << 30) + 1; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.parallel_parts = 0; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.region = "eu/x"; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.kms_key = "k"; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.credentials.access_key_id = ""; }), ErrorCode::kUsage);
  EXPECT_EQ(checked([](S3Options& o) { o.credentials.secret_access_key = ""; }), ErrorCode::kUsage);
}

TEST(S3OptionsTest, PasswordOfAnEndpointIsNotSaid) {
  S3Options options = usable();
  options.endpoint = "http://user:hunter2@host";
  const auto status = check_s3_options(options);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().to_string().find("hunter2"), std::string::npos);
}

TEST(S3OptionsTest, Addresses) {
  S3Options options = usable();
  EXPECT_EQ(address_of(options).origin, "https://bucket.s3.us-east-1.amazonaws.com");
  EXPECT_EQ(address_of(options).path, "");
  options.region = "cn-north-1";
  EXPECT_EQ(address_of(options).host, "bucket.s3.cn-north-1.amazonaws.com.cn");
  options.region = "eu-west-1";
  options.bucket = "with.dot";
  EXPECT_EQ(address_of(options).origin, "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(address_of(options).path, "/with.dot");
  options.bucket = "bucket";
  options.endpoint = "http://localhost:9000/";
  EXPECT_EQ(address_of(options).origin, "http://localhost:9000");
  EXPECT_EQ(address_of(options).host, "localhost:9000");
  EXPECT_EQ(address_of(options).path, "/bucket");
  options.addressing = S3Addressing::kVirtualHost;
  options.endpoint = "https://store.example:443/base/";
  EXPECT_EQ(address_of(options).origin, "https://bucket.store.example");
  EXPECT_EQ(address_of(options).path, "/base");
  options.endpoint = "http://store.example:443";
  EXPECT_EQ(address_of(options).host, "bucket.store.example:443");
}

}  // namespace
}  // namespace kiln::sink
