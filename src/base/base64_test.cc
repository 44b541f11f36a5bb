#include "base/base64.h"

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

TEST(Base64Test, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 4000; ++i) bytes += static_cast<char>(i * 7);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, bytes.size()}) {
    EXPECT_EQ(base64_decode(base64_encode(bytes.substr(0, size))), bytes.substr(0, size));
  }
  EXPECT_EQ(base64_decode("Zm9v\n YmFy"), "foobar");
}

TEST(Base64Test, RefusesOtherTexts) {
  EXPECT_FALSE(base64_decode("Zg="));
  EXPECT_FALSE(base64_decode("Zg==Zg=="));
  EXPECT_FALSE(base64_decode("Z?=="));
  EXPECT_FALSE(base64_decode("Zm9v===="));
  EXPECT_FALSE(base64_decode("Zm9v----"));
  EXPECT_FALSE(base64_decode("===="));
}

}  // namespace
}  // namespace kiln::base
