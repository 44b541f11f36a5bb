#include "sample/random.h"

#include <set>

#include <gtest/gtest.h>

namespace kiln::sample {
namespace {

// Fixed numbers: whoever changes them changes every data set that a seed stands for.
TEST(SampleRandom, IsTheSameEverywhere) {
  Random random(1, 2, 3);
  EXPECT_EQ(random.next(), 6842727480633594491u);
  EXPECT_EQ(random.next(), 11411695494110724456u);
  EXPECT_EQ(Random(1, 2, 3).uuid(), "b7218f9a-3604-4fe5-8614-563179c7e5e9");
}

TEST(SampleRandom, StreamsDiffer) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t stream = 0; stream < 4; ++stream) {
      for (uint64_t index = 0; index < 100; ++index) {
        first.insert(Random(seed, stream, index).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 1600u);
}

TEST(SampleRandom, BoundsAreReachedAndKept) {
  Random random(7, 0, 0);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.between(-2, 2));
    EXPECT_LT(random.below(3), 3u);
    const int64_t near = random.around(100, 10);
    EXPECT_GE(near, 90);
    EXPECT_LE(near, 110);
  }
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_FALSE(random.in_thousand(0));
  EXPECT_TRUE(random.in_thousand(1000));
}

TEST(SampleRandom, UuidsAreVersionFour) {
  Random random(7, 0, 0);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random.uuid();
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace kiln::sample
