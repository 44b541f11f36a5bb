#include "table/batch.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kiln::table {
namespace {

Cell text(std::string_view view) {
  return Cell::of(Text{view.data(), static_cast<uint32_t>(view.size()), false});
}

ColumnType list_of(std::string_view fhir_type) {
  ColumnType type = default_type(fhir_type);
  type.list = true;
  return type;
}

TEST(ColumnVectorTest, HoldsValuesAndNullsAcrossWordsOfTheBitmap) {
  ColumnVector column(default_type("integer"));
  for (int64_t i = 0; i < 1000; ++i) column.append(i % 3 == 0 ? Cell() : Cell::of(i));
  ASSERT_EQ(column.size(), 1000U);
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(column.is_valid(i), i % 3 != 0) << i;
    ASSERT_EQ(column.integer(i), i % 3 == 0 ? 0 : static_cast<int64_t>(i)) << i;
  }
}

TEST(ColumnVectorTest, ClearForgetsOldValuesAndNulls) {
  ColumnVector column(default_type("boolean"));
  for (int i = 0; i < 300; ++i) column.append(Cell::of(true));
  column.clear();
  EXPECT_EQ(column.size(), 0U);
  for (int i = 0; i < 300; ++i) column.append(i % 2 == 0 ? Cell() : Cell::of(i % 4 == 1));
  for (size_t i = 0; i < 300; ++i) {
    ASSERT_EQ(column.is_valid(i), i % 2 != 0) << i;
    ASSERT_EQ(column.boolean(i), i % 4 == 1) << i;
  }
}

TEST(ColumnVectorTest, Texts) {
  ColumnVector column(default_type("string"));
  column.append(text("a"));
  column.append(Cell());
  column.append(text(""));
  EXPECT_EQ(column.text(0).view(), "a");
  EXPECT_FALSE(column.is_valid(1));
  EXPECT_EQ(column.text(1).size, 0U);
  EXPECT_TRUE(column.is_valid(2));
}

TEST(ColumnVectorTest, ListsHoldTheirItemsOneAfterTheOther) {
  ColumnVector column(list_of("integer"));
  const std::vector<Cell> items = {Cell::of(int64_t{1}), Cell(), Cell::of(int64_t{3})};
  column.append(Cell::of_list(items.data(), 3));
  column.append(Cell());
  column.append(Cell::of_list(nullptr, 0));
  column.append(Cell::of_list(items.data() + 2, 1));
  ASSERT_TRUE(column.is_list());
  EXPECT_EQ(column.list_begin(0), 0U);
  EXPECT_EQ(column.list_begin(1), 3U);
  EXPECT_EQ(column.list_begin(2), 3U);
  EXPECT_EQ(column.list_begin(3), 3U);
  EXPECT_EQ(column.list_begin(4), 4U);
  EXPECT_FALSE(column.is_valid(1));
  EXPECT_TRUE(column.is_valid(2));
  EXPECT_FALSE(column.items().is_valid(1));
  EXPECT_EQ(column.items().integer(3), 3);
  column.clear();
  column.append(Cell::of_list(items.data(), 1));
  EXPECT_EQ(column.list_begin(1), 1U);
  EXPECT_EQ(column.items().size(), 1U);
}

TEST(ColumnVectorTest, ListsGrow) {
  ColumnVector column(list_of("string"));
  const std::vector<std::string> words = {"x", "yy", "zzz"};
  const std::vector<Cell> items = {text(words[0]), text(words[1]), text(words[2])};
  for (uint32_t i = 0; i < 1000; ++i) column.append(Cell::of_list(items.data(), i % 4));
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(column.list_begin(i + 1) - column.list_begin(i), i % 4) << i;
    if (i % 4 != 3) continue;
    ASSERT_EQ(column.items().text(column.list_begin(i) + 2).view(), "zzz");
  }
}

TEST(BatchTest, RowsAreCompleteWhenFinished) {
  const Schema schema{
      {{"a", default_type("string"), "string", ""}, {"b", default_type("integer"), "integer", ""}}};
  Batch batch(schema);
  EXPECT_EQ(batch.column_count(), 2U);
  for (int64_t i = 0; i < 3; ++i) {
    const Cell first = text(batch.texts().copy("row " + std::to_string(i)));
    const Cell second = Cell::of(i);
    batch.append_cells(0, 1, &first);
    batch.append_cells(1, 1, &second);
    batch.finish_row();
  }
  EXPECT_EQ(batch.rows(), 3U);
  EXPECT_EQ(batch.column(0).text(2).view(), "row 2");
  EXPECT_EQ(batch.column(1).integer(1), 1);
  batch.clear();
  EXPECT_EQ(batch.rows(), 0U);
  EXPECT_EQ(batch.column(0).size(), 0U);
  EXPECT_EQ(batch.texts().used(), 0U);
}

}  // namespace
}  // namespace kiln::table
