#include "net/client_shares.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

using Taken = ClientShares::Taken;

TEST(ClientSharesTest, Issue_1_12_AQuarterForOneAndTheRestForOthers) {
  ClientShares shares(8, 0);
  EXPECT_EQ(shares.take("a"), Taken::kYes);
  EXPECT_EQ(shares.take("a"), Taken::kYes);
  EXPECT_EQ(shares.take("a"), Taken::kOwnShareIsUsedUp);
  for (const char* const client : {"b", "b", "c", "c", "d", "d"}) {
    EXPECT_EQ(shares.take(client), Taken::kYes) << client;
  }
  EXPECT_EQ(shares.take("e"), Taken::kNoneIsLeft);
  EXPECT_EQ(shares.take("a"), Taken::kOwnShareIsUsedUp);
  shares.give_back("a");
  EXPECT_EQ(shares.take("e"), Taken::kYes);
  EXPECT_EQ(shares.take("a"), Taken::kNoneIsLeft);
}

TEST(ClientSharesTest, Issue_1_12_AtLeastOneAndNoMoreThanAsked) {
  for (const size_t most : {1U, 3U, 4U, 7U}) {
    ClientShares shares(most, 0);
    EXPECT_EQ(shares.take("a"), Taken::kYes) << most;
    EXPECT_NE(shares.take("a"), Taken::kYes) << most;
  }
  ClientShares shares(8, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(shares.take("a"), Taken::kYes);
  EXPECT_EQ(shares.take("a"), Taken::kOwnShareIsUsedUp);
}

}  // namespace
}  // namespace kiln::net
