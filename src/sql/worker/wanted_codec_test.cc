#include "sql/worker/wanted_codec.h"

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

using table::Test;
using Op = Test::Op;

table::Schema three_columns() {
  table::Schema schema;
  schema.columns.resize(3);
  return schema;
}

std::string bytes_of(const table::Wanted& wanted) {
  WireWriter out;
  write_wanted(wanted, out);
  return out.bytes();
}

std::optional<table::Wanted> read(std::string_view bytes) {
  WireReader in(bytes);
  return read_wanted(in, three_columns());
}

const table::Wanted kWanted{{0, 2},
                            {{0, {{Op::kEqual, std::string("a\0b", 3)}, {Op::kIsNull}}},
                             {2,
                              {{Op::kLess, int64_t{-5}},
                               {Op::kNotEqual, true},
                               {Op::kGreaterOrEqual, table::Decimal128{UINT64_MAX, -1}}}}}};

TEST(WantedCodecTest, ReadsWhatItWrites) {
  const auto read_again = read(bytes_of(kWanted));
  ASSERT_TRUE(read_again.has_value());
  EXPECT_EQ(read_again->columns, kWanted.columns);
  EXPECT_EQ(read_again->conditions, kWanted.conditions);
  EXPECT_TRUE(read(bytes_of({{}, {}})).has_value());
}

TEST(WantedCodecTest, RefusesWhatCannotBeWanted) {
  EXPECT_FALSE(read(bytes_of({{3}, {}}))) << "no such column";
  EXPECT_FALSE(read(bytes_of({{1, 1}, {}})));
  EXPECT_FALSE(read(bytes_of({{2, 1}, {}})));
  EXPECT_FALSE(read(bytes_of({{0}, {{1, {}}}}))) << "a condition of another column";
  EXPECT_FALSE(read(bytes_of({{0}, {{0, {{static_cast<Op>(9)}}}}})));
  const std::string whole = bytes_of(kWanted);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(read(whole + "x"));
}

TEST(WantedCodecTest, HasItsBounds) {
  const auto fits = [](size_t conditions, size_t tests, size_t bytes) {
    const table::Test test{Op::kEqual, std::string(bytes, 'x')};
    const table::Condition condition{0, std::vector<table::Test>(tests, test)};
    return read(bytes_of({{0}, std::vector<table::Condition>(conditions, condition)})).has_value();
  };
  EXPECT_TRUE(fits(table::kMostConditions, table::kMostTests, table::kMostConstantBytes));
  EXPECT_FALSE(fits(table::kMostConditions + 1, 1, 1));
  EXPECT_FALSE(fits(1, table::kMostTests + 1, 1));
  EXPECT_FALSE(fits(1, 1, table::kMostConstantBytes + 1));
}

}  // namespace
}  // namespace kiln::sql
