#include "net/origin.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

std::string authority(std::string_view text) {
  const auto parsed = parse_authority(text);
  if (!parsed) return "none";
  return parsed->host + (parsed->port ? " " + std::to_string(*parsed->port) : "");
}

TEST(Authority, HostAndPort) {
  EXPECT_EQ(authority("Kiln.Example"), "kiln.example");
  EXPECT_EQ(authority("kiln.example.:8080"), "kiln.example 8080");
  EXPECT_EQ(authority("kiln.example:"), "kiln.example");
  EXPECT_EQ(authority("127.0.0.1:65535"), "127.0.0.1 65535");
  EXPECT_EQ(authority("[0:0:0:0:0:0:0:1]:80"), "::1 80");
  EXPECT_EQ(authority("[::FFFF:7f00:1]"), "::ffff:127.0.0.1");
  for (const char* bad : {"", ".", ":80", "a:65536", "a:-1", "a:8x", "a b", "a@b", "a/b", "[::1",
                          "[x]", "[::1]x", "::1", "localhost\xff", "a%2eb"}) {
    EXPECT_EQ(authority(bad), "none") << bad;
  }
}

TEST(OriginOfAPage, EqualOnesHaveSchemeHostAndPort) {
  const auto same = [](std::string_view a, std::string_view b) {
    const auto first = parse_origin(a);
    return first && first == parse_origin(b);
  };
  EXPECT_TRUE(same("https://Kiln.Example", "HTTPS://kiln.example:443"));
  EXPECT_TRUE(same("http://kiln.example:80", "http://kiln.example"));
  EXPECT_TRUE(same("http://[::1]:1", "http://[0::1]:1"));
  EXPECT_FALSE(same("http://kiln.example", "https://kiln.example"));
  EXPECT_FALSE(same("http://kiln.example", "http://kiln.example:8080"));
  EXPECT_FALSE(same("http://kiln.example", "http://kiln.example.evil.example"));
  for (const char* bad : {"", "null", "kiln.example", "://a", "http://", "http://a/",
                          "http://a, http://a", "http://a@b", "*"}) {
    EXPECT_FALSE(parse_origin(bad)) << bad;
  }
}

}  // namespace
}  // namespace kiln::net
