#include "table/condition.h"

#include <gtest/gtest.h>

namespace kiln::table {
namespace {

using Op = Test::Op;

Cell text(std::string_view text) {
  return Cell::of(Text{text.data(), static_cast<uint32_t>(text.size())});
}
bool holds(Op op, Test::Constant constant, const Cell& cell) {
  return may_hold(Condition{0, {{op, std::move(constant)}}}, cell);
}

TEST(ConditionTest, ComparesAsSqlDoes) {
  const struct {
    Op op;
    bool less, equal, greater;
  } kRows[] = {{Op::kEqual, false, true, false},   {Op::kNotEqual, true, false, true},
               {Op::kLess, true, false, false},    {Op::kLessOrEqual, true, true, false},
               {Op::kGreater, false, false, true}, {Op::kGreaterOrEqual, false, true, true},
               {Op::kIsNotNull, true, true, true}, {Op::kIsNull, false, false, false}};
  for (const auto& row : kRows) {
    const auto op = static_cast<int>(row.op);
    EXPECT_EQ(holds(row.op, int64_t{5}, Cell::of(int64_t{-7})), row.less) << op;
    EXPECT_EQ(holds(row.op, int64_t{5}, Cell::of(int64_t{5})), row.equal) << op;
    EXPECT_EQ(holds(row.op, int64_t{5}, Cell::of(int64_t{6})), row.greater) << op;
    EXPECT_EQ(holds(row.op, std::string("b"), text("ab")), row.less) << op;
    EXPECT_EQ(holds(row.op, std::string("b"), text("b")), row.equal) << op;
    EXPECT_EQ(holds(row.op, std::string("b"), text("b\x01")), row.greater) << op;
    EXPECT_EQ(holds(row.op, std::string("b"), text("\xc3\xa4")), row.greater) << op;
    const Decimal128 five{5, 0};
    EXPECT_EQ(holds(row.op, five, Cell::of(Decimal128{UINT64_MAX, -1})), row.less) << op;
    EXPECT_EQ(holds(row.op, five, Cell::of(five)), row.equal) << op;
    EXPECT_EQ(holds(row.op, five, Cell::of(Decimal128{0, 1})), row.greater) << op;
    EXPECT_EQ(holds(row.op, int64_t{5}, Cell()), row.op == Op::kIsNull) << op;
  }
  EXPECT_TRUE(holds(Op::kEqual, true, Cell::of(true)));
  EXPECT_FALSE(holds(Op::kEqual, true, Cell::of(false)));
}

TEST(ConditionTest, StartsWithBytes) {
  EXPECT_TRUE(holds(Op::kStartsWith, std::string("ab"), text("ab")));
  EXPECT_TRUE(holds(Op::kStartsWith, std::string(""), text("")));
  EXPECT_FALSE(holds(Op::kStartsWith, std::string("ab"), text("a")));
  EXPECT_FALSE(holds(Op::kStartsWith, std::string(""), Cell()));
}

TEST(ConditionTest, OneTestIsEnough) {
  const Condition condition{0, {{Op::kEqual, int64_t{1}}, {Op::kIsNull}}};
  EXPECT_TRUE(may_hold(condition, Cell::of(int64_t{1})));
  EXPECT_TRUE(may_hold(condition, Cell()));
  EXPECT_FALSE(may_hold(condition, Cell::of(int64_t{2})));
}

/// A row that should not have been left out would be missing without a word.
TEST(ConditionTest, WhatCannotBeComparedMayHold) {
  EXPECT_TRUE(holds(Op::kEqual, int64_t{1}, text("2")));
  EXPECT_TRUE(holds(Op::kEqual, std::string("1"), Cell::of(int64_t{2})));
  EXPECT_TRUE(holds(Op::kStartsWith, int64_t{1}, text("2")));
  EXPECT_TRUE(holds(Op::kEqual, std::string("x"), Cell::of_list(nullptr, 0)));
}

}  // namespace
}  // namespace kiln::table
