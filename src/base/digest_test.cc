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

// RFC 4231, cases 1, 2 and 6.
TEST(DigestTest, HmacOfKnownTexts) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, HmacWithAnEmptyKey) {
  EXPECT_EQ(to_hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 1321, A.5.
TEST(DigestTest, Md5OfKnownTexts) {
  EXPECT_EQ(to_hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(DigestTest, Crc32cOfKnownTexts) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);  // RFC 3720 appendix B.4
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
