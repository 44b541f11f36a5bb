#include "base/digest.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace kiln::base {
namespace {

// FIPS 180-2, appendix B.
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillionA =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string name = testing::TempDir() + "kiln_digest_XXXXXX";
    close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(DigestTest, KnownTexts) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')), kMillionA);
}

TEST(DigestTest, PiecesCountAsTheWhole) {
  for (const size_t piece : {1U, 63U, 64U, 65U, 1000U}) {
    Sha256 digest;
    const std::string text(1'000'000, 'a');
    for (size_t at = 0; at < text.size(); at += piece) {
      digest.update(std::string_view(text).substr(at, piece));
      if (piece < 1000 && at > 10'000) {
        digest.update(std::string_view(text).substr(at + piece));
        break;
      }
    }
    EXPECT_EQ(digest.finish_hex(), kMillionA) << piece;
  }
}

TEST(DigestTest, RawBytesAreTheHexOnes) {
  Sha256 digest;
  digest.update("abc");
  Sha256 moved = std::move(digest);
  const std::string raw = moved.finish();
  ASSERT_EQ(raw.size(), 32U);
  EXPECT_EQ(static_cast<unsigned char>(raw[0]), 0xba);
  EXPECT_EQ(static_cast<unsigned char>(raw[31]), 0xad);
}

TEST(DigestTest, Files) {
  const TemporaryFile empty("");
  const TemporaryFile large(std::string(1'000'000, 'a'));
  auto digest = digest_file(empty.path());
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->size, 0U);
  EXPECT_EQ(digest->sha256, kEmpty);
  digest = digest_file(large.path());
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->size, 1'000'000U);
  EXPECT_EQ(digest->sha256, kMillionA);
}

TEST(DigestTest, AFileThatCannotBeRead) {
  EXPECT_EQ(digest_file(testing::TempDir() + "no/such/file").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(digest_file(testing::TempDir()).error().code(), ErrorCode::kIo);  // a folder
}

}  // namespace
}  // namespace kiln::base
