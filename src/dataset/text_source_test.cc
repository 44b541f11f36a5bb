#include "dataset/text_source.h"

#include <string>

#include <gtest/gtest.h>

#include "dataset/reader.h"

namespace kiln::dataset {
namespace {

TEST(TextSourceTest, IsReadWhereItIs) {
  const auto snapshot = snapshot_of_lines("first\nsecond\n");
  ASSERT_TRUE(snapshot.ok());
  Reader reader(**snapshot, {true}, {6, 100});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*reader.claim(part, buffer));
  const auto first = reader.load(part, buffer);
  ASSERT_TRUE(*reader.claim(part, buffer));
  const auto second = reader.load(part, buffer);
  EXPECT_EQ(std::string(first->begin, first->end), "first\n");
  EXPECT_EQ(std::string(second->begin, second->end), "second\n");
  EXPECT_EQ(second->begin, first->end) << "they lie behind each other in one text";
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(TextSourceTest, ItsMemoryIsTheBudgetsAsLongAsItLives) {
  base::MemoryBudget budget(10'000);
  {
    const auto source = TextSource::open("<request>", std::string(6000, ' '), &budget);
    ASSERT_TRUE(source.ok());
    EXPECT_GE(budget.taken(), 6000U);
    EXPECT_EQ(TextSource::open("<request>", std::string(6000, ' '), &budget).error().code(),
              base::ErrorCode::kNoMemory);
  }
  EXPECT_EQ(budget.taken(), 0U);
  EXPECT_EQ(TextSource::open("<request>", std::string(20'000, ' '), &budget).error().code(),
            base::ErrorCode::kLimit);
}

}  // namespace
}  // namespace kiln::dataset
