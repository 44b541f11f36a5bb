#include "net/address.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

TEST(Address, LoopbackIsAnAddressAndNoName) {
  for (const char* own : {"127.0.0.1", "127.255.255.255", "::1", "0:0::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(own)) << own;
  }
  for (const char* foreign :
       {"127.evil.example", "localhost", "127.0.0.1.evil.example", "0.0.0.0", "::", "128.0.0.1",
        "126.255.255.255", "::2", "::ffff:10.0.0.1", "", "[::1]"}) {
    EXPECT_FALSE(is_loopback(foreign)) << foreign;
  }
}

TEST(Address, NamesAreResolved) {
  const auto one = resolve_host("127.1");  // as inet_aton() has it
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(*one, std::vector<std::string>{"127.0.0.1"});
  const auto local = resolve_host("localhost");
  ASSERT_TRUE(local.ok()) << local.error().to_string();
  EXPECT_TRUE(std::all_of(local->begin(), local->end(), is_loopback));
  const auto unknown = resolve_host("127.evil.invalid");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), base::ErrorCode::kUsage);
  EXPECT_FALSE(resolve_host("").ok());
}

}  // namespace
}  // namespace kiln::net
