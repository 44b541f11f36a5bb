#include "base/arena.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

bool is_aligned(const void* at, size_t alignment) {
  return reinterpret_cast<uintptr_t>(at) % alignment == 0;
}

TEST(ArenaTest, AlignsWhatItHandsOut) {
  Arena arena;
  for (int round = 0; round < 1000; ++round) {
    arena.allocate(1, 1);
    EXPECT_TRUE(is_aligned(arena.allocate(3, 2), 2));
    EXPECT_TRUE(is_aligned(arena.make<uint64_t>(7U), alignof(uint64_t)));
    EXPECT_TRUE(is_aligned(arena.allocate(5), alignof(std::max_align_t)));
    EXPECT_TRUE(is_aligned(arena.allocate(64, 64), 64));
  }
}

TEST(ArenaTest, PiecesDoNotOverlap) {
  Arena arena;
  std::vector<char*> pieces;
  for (size_t i = 0; i < 3000; ++i) {
    char* const piece = static_cast<char*>(arena.allocate(i % 97 + 1, size_t{1} << (i % 5)));
    std::memset(piece, static_cast<int>(i % 251), i % 97 + 1);
    pieces.push_back(piece);
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string expected(i % 97 + 1, static_cast<char>(i % 251));
    ASSERT_EQ(std::string_view(pieces[i], i % 97 + 1), expected) << "piece " << i;
  }
}

TEST(ArenaTest, CopiesTexts) {
  Arena arena;
  std::string text = "M\xC3\xBCller";
  const std::string_view copy = arena.copy(text);
  text[0] = 'X';
  EXPECT_EQ(copy, "M\xC3\xBCller");
  EXPECT_EQ(arena.copy("").size(), 0U);
  EXPECT_EQ(arena.copy(std::string_view()).size(), 0U);
}

TEST(ArenaTest, TakesPiecesLargerThanAnyChunk) {
  Arena arena;
  const std::string small(100, 'a');
  const std::string large(5 << 20, 'b');
  const std::string_view first = arena.copy(small);
  const std::string_view second = arena.copy(large);
  const std::string_view third = arena.copy(small);
  EXPECT_EQ(first, small);
  EXPECT_EQ(second, large);
  EXPECT_EQ(third, small);
  EXPECT_GE(arena.used(), small.size() * 2 + large.size());
}

TEST(ArenaTest, CountsFromTheLastReset) {
  Arena arena;
  EXPECT_EQ(arena.used(), 0U);
  arena.allocate(100, 1);
  arena.allocate(28, 1);
  EXPECT_EQ(arena.used(), 128U);
  arena.reset();
  EXPECT_EQ(arena.used(), 0U);
  arena.allocate(16, 1);
  EXPECT_EQ(arena.used(), 16U);
}

TEST(ArenaTest, ASteadyLoadUsesTheSameMemory) {
  Arena arena;
  for (int i = 0; i < 100; ++i) arena.allocate(1000);
  arena.reset();
  char* const first = static_cast<char*>(arena.allocate(1000));
  for (int round = 0; round < 5; ++round) {
    arena.reset();
    EXPECT_EQ(arena.allocate(1000), first) << "round " << round;
  }
}

TEST(ArenaTest, ResetGivesAnOutsizedOnlyChunkBack) {
  Arena arena;
  arena.allocate(8 << 20);
  arena.reset();
  EXPECT_EQ(arena.used(), 0U);
  const std::string text(200'000, 'c');
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(arena.copy(text), text);
    EXPECT_EQ(arena.copy(text), text);
    arena.reset();
  }
}

TEST(ArenaTest, ResetKeepsTheLargestChunkThatIsNotOutsized) {
  Arena arena;
  arena.allocate(100);
  arena.allocate(100'000);
  arena.allocate(8 << 20);
  arena.reset();
  // What is left has room for the middle piece without a new chunk: the addresses follow.
  char* const a = static_cast<char*>(arena.allocate(50'000, 1));
  char* const b = static_cast<char*>(arena.allocate(50'000, 1));
  EXPECT_EQ(a + 50'000, b);
}

TEST(ArenaTest, NeverHoldsMoreThanItsLimit) {
  constexpr size_t kLimit = 3 << 20;
  MemoryBudget budget(UINT64_MAX);
  MemoryShare share(budget);
  MemoryReservation memory(&share);
  Arena arena(&memory, kLimit);
  for (const size_t piece : {size_t{100}, size_t{100'000}, kLimit / 2, kLimit, kLimit + 1}) {
    EXPECT_THROW(for (;;) arena.allocate(piece), ArenaFull);
    EXPECT_LE(arena.held(), kLimit);
    EXPECT_EQ(memory.used(), arena.held());
    arena.reset();
  }
  Arena exact(nullptr, 64 * 1024);
  EXPECT_NE(exact.allocate(64 * 1024 - 1, 1), nullptr);
  EXPECT_NE(exact.allocate(1, 1), nullptr);
  EXPECT_THROW(exact.allocate(1, 1), ArenaFull);
  exact.reset();
  EXPECT_THROW(exact.allocate(64 * 1024 + 1, 1), ArenaFull);
}

TEST(ArenaTest, DrawsBeforeItAllocatesAndGivesBack) {
  MemoryBudget budget(8 << 20);
  MemoryShare share(budget);
  MemoryReservation memory(&share);
  {
    Arena arena(&memory);
    EXPECT_THROW(arena.allocate(8 << 20), MemoryRefused);
    EXPECT_THROW(arena.allocate(SIZE_MAX - 8), ArenaFull);
    arena.allocate(7 << 20);
    EXPECT_GE(budget.taken(), 7U << 20);
    arena.reset();
    EXPECT_LE(memory.used(), 4U << 20) << "what is large goes back at once";
    arena.allocate(7 << 20);
  }
  EXPECT_EQ(memory.used(), 0U);
  memory.give_all_back();
  EXPECT_EQ(budget.taken(), 0U);
}

TEST(ArenaTest, MakesObjectsAndArrays) {
  struct Point {
    int x;
    int y;
    Point(int a, int b) : x(a), y(b) {}
  };
  Arena arena;
  const Point* const point = arena.make<Point>(3, -4);
  EXPECT_EQ(point->x, 3);
  EXPECT_EQ(point->y, -4);
  uint32_t* const numbers = arena.make_array<uint32_t>(10'000);
  for (uint32_t i = 0; i < 10'000; ++i) numbers[i] = i;
  EXPECT_EQ(numbers[9'999], 9'999U);
  EXPECT_NE(arena.make_array<uint32_t>(0), nullptr);
}

}  // namespace
}  // namespace kiln::base
