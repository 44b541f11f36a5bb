#include "sql/worker/batch_codec.h"

#include <random>

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

using table::Cell;
using table::ColumnVector;
using table::SqlType;
using table::Storage;
using table::Values;

class BatchCodecTest : public testing::Test {
 protected:
  size_t upto(size_t most) { return std::uniform_int_distribution<size_t>(0, most)(random_); }

  table::Schema random_schema() {
    table::Schema schema;
    for (size_t i = upto(5); i > 0; --i) {
      table::ColumnType type;
      type.sql = static_cast<SqlType>(upto(static_cast<size_t>(SqlType::kTimestampTz)));
      type.precision = 38;
      type.list = upto(2) == 0;
      schema.columns.push_back({"c", type, "", ""});
    }
    return schema;
  }

  Cell random_scalar(Storage storage, base::Arena& texts) {
    if (nulls_ && upto(3) == 0) return {};
    switch (storage) {
      case Storage::kBoolean:
        return Cell::of(upto(1) == 1);
      case Storage::kFloat:
      case Storage::kDouble:
        return Cell::of(static_cast<double>(upto(1000)) / 8);
      case Storage::kDecimal:
        return Cell::of(table::Decimal128{upto(SIZE_MAX), static_cast<int64_t>(upto(1000)) - 500});
      case Storage::kText:
      case Storage::kView: {
        const std::string_view text =
            texts.copy(std::string(upto(30), static_cast<char>('a' + upto(20))));
        return Cell::of(table::Text{text.data(), static_cast<uint32_t>(text.size()), false});
      }
      default:
        return Cell::of(static_cast<int64_t>(upto(100)) - 50);
    }
  }

  void fill(table::Batch& batch) {
    nulls_ = upto(1) == 0;
    std::vector<Cell> items;
    for (size_t row = upto(200); row > 0; --row) {
      for (size_t i = 0; i < batch.column_count(); ++i) {
        const ColumnVector& column = batch.column(i);
        Cell cell;
        if (!column.is_list()) {
          cell = random_scalar(column.storage(), batch.texts());
        } else if (upto(4) != 0) {
          items.clear();
          for (size_t n = upto(4); n > 0; --n) {
            items.push_back(random_scalar(column.items().storage(), batch.texts()));
          }
          cell = Cell::of_list(items.data(), static_cast<uint32_t>(items.size()));
        }
        batch.append_cells(i, 1, &cell);
      }
      batch.finish_row();
    }
  }

  static std::string written(const table::Batch& batch, size_t begin, size_t count) {
    WireWriter out;
    write_rows(batch, begin, count, out);
    return out.bytes();
  }

  std::mt19937_64 random_{20261128};
  bool nulls_ = false;
};

TEST_F(BatchCodecTest, AnyRowsComeBackAsTheyWere) {
  for (int round = 0; round < 500; ++round) {
    const table::Schema schema = random_schema();
    const Values values = upto(1) == 0 ? Values::kText : Values::kTyped;
    table::Batch batch(schema, values);
    fill(batch);
    const size_t begin = upto(batch.rows());
    const size_t count = upto(batch.rows() - begin);
    const std::string bytes = written(batch, begin, count);
    EXPECT_LE(bytes.size(), size_of_rows(batch, begin, count) + 100);
    table::Batch read(schema, values);
    WireReader in(bytes);
    const base::Status status = read_rows(in, read);
    ASSERT_TRUE(status.ok()) << round << ": " << status.error().to_string();
    ASSERT_EQ(read.rows(), count);
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      for (size_t row = 0; row < count; ++row) {
        ASSERT_EQ(read.column(i).is_valid(row), batch.column(i).is_valid(begin + row));
      }
    }
    // The whole of it, not only what the accessors show; nulls of lists that were none are alike.
    if (nulls_ || begin != 0 || count != batch.rows()) continue;
    EXPECT_EQ(written(read, 0, count), bytes) << round;
  }
}

TEST_F(BatchCodecTest, ValuesAreTheSame) {
  table::Schema schema;
  for (const SqlType sql : {SqlType::kVarchar, SqlType::kDecimal, SqlType::kBoolean}) {
    table::ColumnType type;
    type.sql = sql;
    type.precision = 38;
    schema.columns.push_back({"c", type, "", ""});
  }
  table::Batch batch(schema, Values::kTyped);
  const std::string_view texts[] = {"", "short", "a text that is longer than twelve bytes"};
  for (size_t i = 0; i < 3; ++i) {
    const Cell cells[] = {
        Cell::of(table::Text{texts[i].data(), static_cast<uint32_t>(texts[i].size()), false}),
        Cell::of(table::Decimal128{i, -1}), Cell::of(i == 1)};
    batch.append_cells(0, 3, cells);
    batch.finish_row();
  }
  table::Batch read(schema, Values::kTyped);
  const std::string bytes = written(batch, 1, 2);
  WireReader in(bytes);
  ASSERT_TRUE(read_rows(in, read).ok());
  const ColumnVector& text = read.column(0);
  const auto* const views = reinterpret_cast<const table::ArrowView*>(text.values());
  EXPECT_EQ(text.texts().text_of(views[0]), texts[1]);
  EXPECT_EQ(text.texts().text_of(views[1]), texts[2]);
  EXPECT_EQ(reinterpret_cast<const table::Decimal128*>(read.column(1).values())[1],
            (table::Decimal128{2, -1}));
  EXPECT_TRUE(read.column(2).boolean(0));
  EXPECT_FALSE(read.column(2).boolean(1));
}

TEST_F(BatchCodecTest, BytesThatAreCutOffOrChangedDoNoHarm) {
  for (int round = 0; round < 300; ++round) {
    const table::Schema schema = random_schema();
    const Values values = upto(1) == 0 ? Values::kText : Values::kTyped;
    table::Batch batch(schema, values);
    fill(batch);
    const std::string bytes = written(batch, 0, batch.rows());
    table::Batch read(schema, values);
    WireReader cut(std::string_view(bytes).substr(0, upto(bytes.size() - 1)));
    EXPECT_FALSE(read_rows(cut, read).ok());
    for (int i = 0; i < 20; ++i) {
      std::string changed = bytes;
      for (size_t n = upto(3); n > 0; --n) {
        changed[upto(changed.size() - 1)] = static_cast<char>(upto(255));
      }
      read.clear();
      WireReader in(changed);
      (void)read_rows(in, read);
    }
  }
}

TEST_F(BatchCodecTest, CountsWithoutBytesAreRefused) {
  table::Schema schema;
  table::ColumnType list;
  list.list = true;
  list.sql = SqlType::kBoolean;
  schema.columns.push_back({"c", list, "", ""});
  WireWriter out;
  out.put(uint32_t{1});
  out.put(uint8_t{0});
  out.put(uint32_t{4'000'000'000});
  table::Batch batch(schema, Values::kText);
  WireReader in(out.bytes());
  EXPECT_FALSE(read_rows(in, batch).ok());
  const table::Schema none;
  table::Batch empty(none, Values::kText);
  WireWriter many;
  many.put(uint32_t{4'000'000'000});
  WireReader rows(many.bytes());
  EXPECT_FALSE(read_rows(rows, empty).ok());
}

TEST(CheckNestedTest, TypedTextsAreJsonThatIsNotTooDeep) {
  table::Schema schema;
  table::ColumnType nested;
  nested.nesting = table::Nesting::kList;
  nested.members = {{"", {}}};
  schema.columns = {{"free", {}, "", ""}, {"nested", nested, "", ""}};
  const auto is_fine = [&](const std::string& text) {
    table::Batch batch(schema, Values::kTyped);
    const Cell cells[] = {Cell::of(table::Text{"{", 1}),
                          Cell::of(table::Text{text.data(), static_cast<uint32_t>(text.size())})};
    batch.append_cells(0, 2, cells);
    batch.finish_row();
    const Cell nulls[] = {{}, {}};
    batch.append_cells(0, 2, nulls);
    batch.finish_row();
    return check_nested(schema, batch).ok();
  };
  EXPECT_TRUE(is_fine(R"([{"a":"1","a":[null]}])"));
  EXPECT_FALSE(is_fine("[1"));
  EXPECT_FALSE(is_fine("[1] 2"));
  EXPECT_FALSE(is_fine(std::string(100'000, '[') + std::string(100'000, ']')));
}

}  // namespace
}  // namespace kiln::sql
