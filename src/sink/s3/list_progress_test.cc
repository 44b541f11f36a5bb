#include "sink/s3/list_progress.h"

#include <gtest/gtest.h>

namespace kiln::sink {
namespace {

using Keys = std::vector<std::string>;

std::string key_of(size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(10 - digits.size(), '0') + digits;
}

bool takes(ListProgress& list, const Keys& keys, const std::optional<std::string>& next) {
  const base::Status status = list.on_page(keys, next);
  if (!status.ok()) {
    EXPECT_EQ(status.error().code(), base::ErrorCode::kIo);
  }
  return status.ok();
}

TEST(ListProgressTest, Issue_1_9_ATokenMayNotComeAgain) {
  ListProgress list(false);
  EXPECT_TRUE(takes(list, {"a"}, "t"));
  EXPECT_FALSE(takes(list, {"b"}, "t"));
}

TEST(ListProgressTest, Issue_1_9_KeysMustIncrease) {
  for (const char* second : {"b", "a"}) {
    ListProgress list(false);
    EXPECT_TRUE(takes(list, {"b", "a"}, "1")) << "in a page they may come as they like";
    EXPECT_FALSE(takes(list, {second}, "2")) << second;
  }
  ListProgress list(false);
  EXPECT_TRUE(takes(list, {"b"}, "1"));
  EXPECT_TRUE(takes(list, {"b", "c"}, "2")) << "an entry on both sides of a page's end";
  EXPECT_FALSE(takes(list, {"c"}, std::nullopt)) << "also on the last page";
}

TEST(ListProgressTest, Issue_1_9_AnEntryOfSeveralPages) {
  ListProgress list(true);
  for (size_t i = 0; i <= ListProgress::kMostIdlePages; ++i) {
    EXPECT_TRUE(takes(list, {"a"}, key_of(i)));
  }
  EXPECT_FALSE(takes(list, {"a"}, "x"));
}

TEST(ListProgressTest, Issue_1_9_LimitOfEmptyPages) {
  ListProgress list(false);
  size_t token = 0;
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < ListProgress::kMostIdlePages; ++i) {
      EXPECT_TRUE(takes(list, {}, key_of(++token)));
    }
    const std::string last = key_of(token);
    EXPECT_TRUE(takes(list, {last}, key_of(++token))) << "it goes on after all";
  }
  for (size_t i = 0; i < ListProgress::kMostIdlePages; ++i) {
    EXPECT_TRUE(takes(list, {}, key_of(++token)));
  }
  EXPECT_FALSE(takes(list, {}, key_of(++token)));
}

TEST(ListProgressTest, Issue_1_9_LimitOfPages) {
  const auto pages = [](size_t count) {
    ListProgress list(false);
    for (size_t page = 1; page < count; ++page) {
      if (!takes(list, {key_of(page)}, key_of(page))) return false;
      EXPECT_EQ(list.is_paced(), page >= ListProgress::kFirstPaced);
    }
    return takes(list, {key_of(count)}, std::nullopt);
  };
  EXPECT_TRUE(pages(ListProgress::kMostPages - 1));
  EXPECT_TRUE(pages(ListProgress::kMostPages));
  EXPECT_FALSE(pages(ListProgress::kMostPages + 1));
}

}  // namespace
}  // namespace kiln::sink
