#include "dataset/format.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace kiln::dataset {
namespace {

using std::string_view_literals::operator""sv;

TEST(FormatTest, WhatIsRead) {
  EXPECT_EQ(format_of("\x1F\x8B\x08").compression, Compression::kGzip);
  EXPECT_EQ(format_of("\x28\xB5\x2F\xFD").compression, Compression::kZstd);
  EXPECT_EQ(format_of("\x50\x2A\x4D\x18").compression, Compression::kZstd);
  EXPECT_EQ(format_of("\x5F\x2A\x4D\x18").compression, Compression::kZstd);
  for (const std::string_view text :
       {""sv, "{"sv, "{}"sv, "[\n"sv, " \t\r\n{\""sv, "\xEF\xBB\xBF{"sv, "x"sv, "\0\0\0\0"sv,
        "\x1F"sv, "\x28\xB5\x2F"sv, "PK"sv}) {
    EXPECT_EQ(format_of(text).compression, Compression::kNone) << text;
    EXPECT_EQ(format_of(text).foreign, "") << text;
  }
}

TEST(FormatTest, WhatIsNamed) {
  for (const auto& [bytes, name] : {
           std::pair("\xFD"
                     "7zXZ\0"sv,
                     "xz"),
           std::pair("BZh9"sv, "bzip2"),
           std::pair("PK\3\4"sv, "zip"),
           std::pair("PK\5\6"sv, "zip"),
           std::pair("PAR1"sv, "Parquet"),
           std::pair("\xFF\xFE{\0"sv, "UTF-16"),
           std::pair("\xFE\xFF\0{"sv, "UTF-16"),
           std::pair("{\0\"\0"sv, "UTF-16"),
           std::pair("\0{\0\""sv, "UTF-16"),
           std::pair("{\0"sv, "UTF-16"),
           std::pair("\n\0{\0"sv, "UTF-16"),
           std::pair("{\0\0\0"sv, "UTF-32"),
           std::pair("\0\0\0["sv, "UTF-32"),
           std::pair("\xFF\xFE\0\0"sv, "UTF-32"),
       }) {
    EXPECT_EQ(format_of(bytes).foreign, name);
  }
}

}  // namespace
}  // namespace kiln::dataset
