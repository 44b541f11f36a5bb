#include "table/arrow/export.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace kiln::table {
namespace {

ColumnType type_of(SqlType sql, bool list = false) {
  ColumnType type;
  type.sql = sql;
  type.list = list;
  return type;
}

Cell text(std::string_view value) {
  return Cell::of(Text{value.data(), static_cast<uint32_t>(value.size()), false});
}

/// An exported array that is released as its consumer would.
struct Imported {
  ArrowArray array{};
  Imported() = default;
  Imported(const Imported&) = delete;
  Imported& operator=(const Imported&) = delete;
  ~Imported() {
    if (array.release != nullptr) array.release(&array);
  }
  const ArrowArray& child(size_t i) const { return *array.children[i]; }
};

template <typename T>
T value(const ArrowArray& array, size_t row) {
  return static_cast<const T*>(array.buffers[1])[static_cast<size_t>(array.offset) + row];
}
bool is_valid(const ArrowArray& array, size_t row) {
  if (array.buffers[0] == nullptr) return true;
  const size_t at = static_cast<size_t>(array.offset) + row;
  return (static_cast<const uint8_t*>(array.buffers[0])[at / 8] >> (at % 8) & 1) != 0;
}
std::string view(const ArrowArray& array, size_t row) {
  const auto found = value<ArrowView>(array, row);
  const auto size = static_cast<size_t>(found.size);
  if (size <= ArrowView::kMostInline) return {found.start, size};
  const auto* const bytes = static_cast<const char*>(array.buffers[2 + found.buffer]);
  EXPECT_EQ(std::memcmp(bytes + found.offset, found.start, sizeof(found.start)), 0);
  return {bytes + found.offset, size};
}

TEST(ArrowExportTest, ASchemaHasAChildForEachColumn) {
  Schema schema;
  ColumnType decimal = type_of(SqlType::kDecimal);
  decimal.precision = 38;
  decimal.scale = 9;
  schema.columns = {{"a", type_of(SqlType::kBoolean), "", ""},
                    {"n", decimal, "", ""},
                    {"l", type_of(SqlType::kTimestampTz, true), "", ""}};
  ArrowSchema out{};
  export_schema(schema, &out);
  EXPECT_STREQ(out.format, "+s");
  ASSERT_EQ(out.n_children, 3);
  EXPECT_STREQ(out.children[0]->format, "b");
  EXPECT_STREQ(out.children[0]->name, "a");
  EXPECT_EQ(out.children[0]->flags, ARROW_FLAG_NULLABLE);
  EXPECT_STREQ(out.children[1]->format, "d:38,9");
  EXPECT_STREQ(out.children[2]->format, "+l");
  ASSERT_EQ(out.children[2]->n_children, 1);
  EXPECT_STREQ(out.children[2]->children[0]->format, "tsu:UTC");
  out.release(&out);
  EXPECT_EQ(out.release, nullptr);
}

TEST(ArrowExportTest, EveryTypeHasAFormat) {
  const std::pair<SqlType, const char*> formats[] = {
      {SqlType::kTinyInt, "c"},  {SqlType::kSmallInt, "s"},    {SqlType::kInteger, "i"},
      {SqlType::kBigInt, "l"},   {SqlType::kReal, "f"},        {SqlType::kDouble, "g"},
      {SqlType::kVarchar, "vu"}, {SqlType::kBinary, "vz"},     {SqlType::kDate, "tdD"},
      {SqlType::kTime, "ttu"},   {SqlType::kTimestamp, "tsu:"}};
  for (const auto& [type, format] : formats) EXPECT_EQ(arrow_format(type_of(type)), format);
}

/// All storages, with nulls, across a word of the bitmaps and beyond the first buffer of texts.
TEST(ArrowExportTest, ValuesNullsAndSlices) {
  Schema schema;
  for (const SqlType type :
       {SqlType::kBoolean, SqlType::kTinyInt, SqlType::kSmallInt, SqlType::kInteger,
        SqlType::kBigInt, SqlType::kReal, SqlType::kDouble, SqlType::kDecimal, SqlType::kVarchar}) {
    schema.columns.push_back({"c", type_of(type), "", ""});
  }
  schema.columns.push_back({"l", type_of(SqlType::kVarchar, true), "", ""});
  Batch batch(schema, Values::kTyped);
  const auto long_text = [](int64_t i) {
    return std::string(static_cast<size_t>(i % 40), 'x') + std::to_string(i);
  };
  constexpr int64_t kRows = 1000;
  for (int64_t i = 0; i < kRows; ++i) {
    const std::string one = long_text(i);
    const Cell items[] = {text(one), Cell(), text("short")};
    const Cell cells[] = {Cell::of(i % 3 == 0),
                          Cell::of(i % 100),
                          Cell::of(i),
                          Cell::of(i * 1000),
                          Cell::of(i << 40),
                          Cell::of(static_cast<double>(i) / 2),
                          Cell::of(static_cast<double>(i)),
                          Cell::of(Decimal128{static_cast<uint64_t>(i), -1}),
                          text(one),
                          Cell::of_list(items, static_cast<uint32_t>(i % 4))};
    const Cell null;
    for (size_t c = 0; c < schema.columns.size(); ++c) {
      batch.append_cells(c, 1, (static_cast<size_t>(i) + c) % 7 == 0 ? &null : &cells[c]);
    }
    batch.finish_row();
  }
  const auto rows = batch.take_rows();
  EXPECT_EQ(batch.rows(), 0U);
  for (const auto& slice : {std::pair<size_t, size_t>{0, kRows}, {63, 2}, {64, 900}}) {
    const size_t begin = slice.first, count = slice.second;
    Imported out;
    export_rows(rows, begin, count, &out.array);
    ASSERT_EQ(out.array.length, static_cast<int64_t>(count));
    for (size_t row = 0; row < count; ++row) {
      const auto i = static_cast<int64_t>(begin + row);
      const auto expect_value = [&](size_t c, auto got, auto expected) {
        const bool null = (begin + row + c) % 7 == 0;
        ASSERT_EQ(is_valid(out.child(c), row), !null) << c << " " << row;
        if (null) return;
        ASSERT_EQ(got, expected) << c << " " << row;
      };
      const auto at = static_cast<size_t>(out.child(0).offset) + row;
      expect_value(0,
                   (static_cast<const uint8_t*>(out.child(0).buffers[1])[at / 8] >> (at % 8)) & 1,
                   i % 3 == 0 ? 1 : 0);
      expect_value(1, value<int8_t>(out.child(1), row), static_cast<int8_t>(i % 100));
      expect_value(2, value<int16_t>(out.child(2), row), static_cast<int16_t>(i));
      expect_value(3, value<int32_t>(out.child(3), row), static_cast<int32_t>(i * 1000));
      expect_value(4, value<int64_t>(out.child(4), row), i << 40);
      expect_value(5, value<float>(out.child(5), row), static_cast<float>(i) / 2);
      expect_value(6, value<double>(out.child(6), row), static_cast<double>(i));
      expect_value(7, value<Decimal128>(out.child(7), row),
                   Decimal128{static_cast<uint64_t>(i), -1});
      expect_value(8, view(out.child(8), row), long_text(i));
      const ArrowArray& list = out.child(9);
      const int32_t first = value<int32_t>(list, row), end = value<int32_t>(list, row + 1);
      expect_value(9, end - first, static_cast<int32_t>(i % 4));
      if (end > first) {
        EXPECT_EQ(view(*list.children[0], static_cast<size_t>(first)), long_text(i));
      }
      if (end > first + 1) {
        EXPECT_FALSE(is_valid(*list.children[0], static_cast<size_t>(first) + 1));
      }
    }
  }
}

TEST(ArrowExportTest, NoRowsAndNoNulls) {
  Schema schema;
  schema.columns = {{"a", type_of(SqlType::kVarchar), "", ""},
                    {"l", type_of(SqlType::kInteger, true), "", ""}};
  Batch batch(schema, Values::kTyped);
  Imported none;
  export_rows(batch.take_rows(), 0, 0, &none.array);
  EXPECT_EQ(none.array.length, 0);
  EXPECT_NE(none.child(0).buffers[1], nullptr);
  EXPECT_EQ(value<int32_t>(none.child(1), 0), 0);
  const Cell cells[] = {text("x"), Cell::of_list(nullptr, 0)};
  batch.append_cells(0, 2, cells);
  batch.finish_row();
  Imported one;
  export_rows(batch.take_rows(), 0, 1, &one.array);
  EXPECT_EQ(one.child(0).buffers[0], nullptr);
  EXPECT_EQ(one.child(0).null_count, 0);
}

/// A consumer may keep one column and release the rest (specification, "Moving child arrays").
TEST(ArrowExportTest, AChildLivesOnWhenItWasMovedOut) {
  Schema schema;
  schema.columns = {{"a", type_of(SqlType::kVarchar), "", ""}};
  Batch batch(schema, Values::kTyped);
  const std::string word = "longer than twelve bytes";
  const Cell cell = text(word);
  batch.append_cells(0, 1, &cell);
  batch.finish_row();
  ArrowArray kept;
  {
    Imported out;
    export_rows(batch.take_rows(), 0, 1, &out.array);
    kept = *out.array.children[0];
    out.array.children[0]->release = nullptr;
  }
  EXPECT_EQ(view(kept, 0), word);
  kept.release(&kept);
}

/// What was drawn for texts is given back when the rows are taken, and counted by their taker.
TEST(ArrowExportTest, TakenRowsDrawOnNothing) {
  base::MemoryBudget budget(uint64_t{64} << 20);
  base::MemoryShare share(budget);
  base::MemoryReservation memory(&share);
  Schema schema;
  schema.columns = {{"a", type_of(SqlType::kVarchar), "", ""}};
  Batch batch(schema, Values::kTyped, &memory);
  const std::string word(100'000, 'x');
  const Cell cell = text(word);
  batch.append_cells(0, 1, &cell);
  batch.finish_row();
  EXPECT_GE(memory.used(), word.size());
  const auto rows = batch.take_rows();
  EXPECT_EQ(memory.used(), 0U);
  EXPECT_GE(rows->held(), word.size());
}

}  // namespace
}  // namespace kiln::table
