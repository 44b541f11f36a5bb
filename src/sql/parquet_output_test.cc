// Parquet files, read back by DuckDB itself.
#include "sql/parquet_output.h"

#include <array>
#include <deque>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "engine/rows_stream.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

using table::Cell;
using table::SqlType;

Cell text(std::string_view value) {
  return Cell::of(table::Text{value.data(), static_cast<uint32_t>(value.size()), false});
}

table::Column column(std::string name, SqlType type, bool list = false, uint8_t precision = 0,
                     uint8_t scale = 0) {
  table::ColumnType of;
  of.sql = type;
  of.precision = precision;
  of.scale = scale;
  of.list = list;
  return {std::move(name), of, "", ""};
}

class ParquetTest : public testing::Test {
 protected:
  ParquetTest() {
    std::string pattern = testing::TempDir() + "kiln_parquet_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/it's.parquet";
    session_ = open_session(1);
  }
  ~ParquetTest() override { std::filesystem::remove_all(folder_); }

  static std::unique_ptr<Session> open_session(unsigned threads) {
    auto instance = Instance::open({.threads = threads, .temp_dir = {}});
    EXPECT_TRUE(instance.ok()) << instance.error().message();
    auto session = Session::open(std::move(instance).value());
    EXPECT_TRUE(session.ok()) << session.error().message();
    return std::move(session).value();
  }

  std::unique_ptr<engine::Output> open(const table::Schema& schema) {
    auto output = writers_.open(path_, schema);
    EXPECT_TRUE(output.ok()) << output.error().message();
    return std::move(output).value();
  }

  /// One piece of these rows.
  static base::Status write(engine::Output& output, const table::Schema& schema,
                            const std::vector<std::vector<Cell>>& rows,
                            uint64_t limit = UINT64_MAX) {
    table::Batch batch(schema, table::Values::kTyped);
    for (const auto& row : rows) {
      batch.append_cells(0, row.size(), row.data());
      batch.finish_row();
    }
    KILN_ASSIGN(auto piece, output.encode(batch));
    return output.write(std::move(piece), limit);
  }

  void write_file(const table::Schema& schema, const std::vector<std::vector<Cell>>& rows) {
    const auto output = open(schema);
    ASSERT_TRUE(write(*output, schema, rows).ok());
    const base::Status finished = output->finish();
    ASSERT_TRUE(finished.ok());
  }

  /// What a scalar expression over the file comes to, told by way of an error: the session can only
  /// run statements. $ stands for the file.
  std::string value_of(std::string expression) {
    const size_t at = expression.find('$');
    if (at != std::string::npos) {
      expression.replace(at, 1, "read_parquet(" + quote_literal(path_) + ")");
    }
    base::Status status = session_->execute("SELECT error('<<' || coalesce((" + expression +
                                            ")::VARCHAR, 'NULL') || '>>')");
    EXPECT_FALSE(status.ok());
    const std::string message = status.ok() ? "" : status.error().message();
    const size_t begin = message.find("<<");
    const size_t end = message.rfind(">>");
    return begin == std::string::npos || end == std::string::npos
               ? message
               : message.substr(begin + 2, end - begin - 2);
  }
  std::string types() {
    return value_of(
        "SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE "
        "SELECT * FROM $)");
  }

  std::string folder_;
  std::string path_;
  ParquetWriters writers_{2};
  std::unique_ptr<Session> session_;
};

TEST_F(ParquetTest, EveryTypeKeepsItsValueAndItsType) {
  table::Schema schema;
  schema.columns = {column("b", SqlType::kBoolean),
                    column("s", SqlType::kSmallInt),
                    column("i", SqlType::kInteger),
                    column("l", SqlType::kBigInt),
                    column("r", SqlType::kReal),
                    column("d", SqlType::kDouble),
                    column("n", SqlType::kDecimal, false, 9, 2),
                    column("v", SqlType::kVarchar),
                    column("x", SqlType::kBinary),
                    column("day", SqlType::kDate),
                    column("t", SqlType::kTime),
                    column("ts", SqlType::kTimestamp),
                    column("tz", SqlType::kTimestampTz)};
  write_file(schema, {{Cell::of(true), Cell::of(int64_t{-7}), Cell::of(int64_t{2147483647}),
                       Cell::of(int64_t{9007199254740993}), Cell::of(1.5), Cell::of(-2250.0),
                       Cell::of(table::Decimal128{123456789, 0}), text("grün \"x\""),
                       text(std::string_view("\0\xff\1", 3)), Cell::of(int64_t{19782}),
                       Cell::of(int64_t{37'815'500'000}), Cell::of(int64_t{1'709'202'615'250'000}),
                       Cell::of(int64_t{1'709'195'400'000'000})}});
  EXPECT_EQ(types(),
            "b BOOLEAN, s SMALLINT, i INTEGER, l BIGINT, r FLOAT, d DOUBLE, n DECIMAL(9,2), v "
            "VARCHAR, x BLOB, day DATE, t TIME, ts TIMESTAMP, tz TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(value_of("SELECT concat_ws('|', b, s, i, l, r, d, n, v, hex(x), day, t, ts) FROM $"),
            "true|-7|2147483647|9007199254740993|1.5|-2250.0|1234567.89|grün \"x\"|00FF01|"
            "2024-02-29|10:30:15.5|2024-02-29 10:30:15.25");
  EXPECT_EQ(value_of("SELECT epoch_ms(tz) FROM $"), "1709195400000");
}

TEST_F(ParquetTest, ColumnsOfNullsHaveTheirTypes) {
  table::Schema schema;
  for (const SqlType type :
       {SqlType::kBoolean, SqlType::kSmallInt, SqlType::kInteger, SqlType::kBigInt, SqlType::kReal,
        SqlType::kDouble, SqlType::kVarchar, SqlType::kBinary, SqlType::kDate, SqlType::kTime,
        SqlType::kTimestamp, SqlType::kTimestampTz}) {
    const std::string name = "c" + std::to_string(schema.columns.size());
    schema.columns.push_back(column(name, type));
    schema.columns.push_back(column(name + "_list", type, true));
  }
  schema.columns.push_back(column("n", SqlType::kDecimal, false, 18, 4));
  write_file(schema,
             std::vector<std::vector<Cell>>(3000, std::vector<Cell>(schema.columns.size())));
  EXPECT_EQ(value_of("SELECT count(*) FROM $"), "3000");
  for (const table::Column& one : schema.columns) {
    EXPECT_EQ(value_of("SELECT count(" + one.name + ") FROM $"), "0") << one.name;
  }
  EXPECT_NE(types().find("c14_list BLOB[]"), std::string::npos) << types();
  EXPECT_NE(types().find("n DECIMAL(18,4)"), std::string::npos) << types();
}

TEST_F(ParquetTest, Lists) {
  table::Schema schema;
  schema.columns = {column("v", SqlType::kVarchar, true), column("i", SqlType::kInteger, true),
                    column("x", SqlType::kBinary, true), column("d", SqlType::kDate, true),
                    column("after", SqlType::kVarchar)};
  const Cell words[] = {text("a"), text("bc"), text("")};
  const Cell numbers[] = {Cell::of(int64_t{1}), Cell::of(int64_t{2})};
  const Cell bytes[] = {text(std::string_view("\0\xff\1", 3)), text("")};
  const Cell days[] = {Cell::of(int64_t{19782})};
  write_file(schema, {{Cell::of_list(words, 3), Cell::of_list(numbers, 2), Cell::of_list(bytes, 2),
                       Cell::of_list(days, 1), text("1")},
                      {Cell(), Cell(), Cell(), Cell(), text("2")},
                      {Cell::of_list(words, 0), Cell::of_list(numbers, 0), Cell::of_list(bytes, 0),
                       Cell::of_list(days, 0), text("3")},
                      {Cell::of_list(words + 1, 1), Cell::of_list(numbers + 1, 1),
                       Cell::of_list(bytes, 1), Cell(), text("4")}});
  EXPECT_EQ(types(), "v VARCHAR[], i INTEGER[], x BLOB[], d DATE[], after VARCHAR");
  EXPECT_EQ(value_of("SELECT string_agg(coalesce(v::VARCHAR, 'null'), ' ' ORDER BY after) FROM $"),
            "[a, bc, ''] null [] [bc]");
  EXPECT_EQ(value_of("SELECT string_agg(coalesce(i::VARCHAR, 'null'), ' ' ORDER BY after) FROM $"),
            "[1, 2] null [] [2]");
  EXPECT_EQ(value_of("SELECT list_transform(x, b -> hex(b)) FROM $ WHERE after = '1'"),
            "[00FF01, '']");
  EXPECT_EQ(value_of("SELECT d[1] FROM $ WHERE after = '1'"), "2024-02-29");
}

TEST_F(ParquetTest, ManyPiecesKeepTheirOrder) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger), column("v", SqlType::kVarchar),
                    column("l", SqlType::kInteger, true)};
  const auto output = open(schema);
  int64_t number = 0;
  for (const size_t size : {1U, 0U, 5000U, 2048U, 2049U, 1U, 30'000U}) {
    std::vector<std::vector<Cell>> rows;
    std::deque<std::string> texts;
    std::deque<std::array<Cell, 3>> items;
    for (size_t i = 0; i < size; ++i, ++number) {
      texts.push_back("row " + std::to_string(number));
      items.push_back({Cell::of(number), Cell::of(number + 1), Cell::of(number + 2)});
      rows.push_back({Cell::of(number), text(texts.back()),
                      Cell::of_list(items.back().data(), static_cast<uint32_t>(number % 4))});
    }
    ASSERT_TRUE(write(*output, schema, rows).ok());
  }
  ASSERT_TRUE(output->finish().ok());
  EXPECT_EQ(value_of("SELECT count(*) FROM $"), std::to_string(number));
  EXPECT_EQ(value_of("SELECT count(*) FROM (SELECT n, v, l, row_number() OVER () - 1 AS r FROM $) "
                     "WHERE n <> r OR v <> 'row ' || r OR len(l) <> r % 4 OR (len(l) > 2 AND l[3] "
                     "<> r + 2)"),
            "0");
}

TEST_F(ParquetTest, ALimitCutsAPiece) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  const auto output = open(schema);
  std::vector<std::vector<Cell>> rows;
  for (int64_t i = 0; i < 100; ++i) rows.push_back({Cell::of(i)});
  ASSERT_TRUE(write(*output, schema, rows, 37).ok());
  ASSERT_TRUE(output->finish().ok());
  EXPECT_EQ(value_of("SELECT count(*) || ' ' || max(n) FROM $"), "37 36");
}

TEST_F(ParquetTest, APieceCanBeSplit) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  table::Batch batch(schema, table::Values::kTyped);
  for (int64_t i = 0; i < 5000; ++i) {
    const Cell cell = Cell::of(i);
    batch.append_cells(0, 1, &cell);
    batch.finish_row();
  }
  const auto output = open(schema);
  auto first = output->encode(batch);
  ASSERT_TRUE(first.ok());
  auto second = static_cast<engine::RowsPiece&>(**first).split(3000);
  auto third = second->split(1);
  EXPECT_EQ((*first)->rows, 3000U);
  EXPECT_EQ(second->rows, 1U);
  EXPECT_EQ(third->rows, 1999U);
  ASSERT_TRUE(output->write(std::move(second), UINT64_MAX).ok());
  ASSERT_TRUE(output->write(std::move(third), 1500).ok());
  ASSERT_TRUE(output->finish().ok());
  EXPECT_EQ(value_of("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM $"), "1501 3000 4500");
}

TEST_F(ParquetTest, NoRowsIsAFileWithColumns) {
  table::Schema schema;
  schema.columns = {column("a b", SqlType::kInteger), column("with\"quote", SqlType::kVarchar),
                    column("select", SqlType::kDate)};
  write_file(schema, {});
  EXPECT_EQ(types(), "a b INTEGER, with\"quote VARCHAR, select DATE");
  EXPECT_EQ(value_of("SELECT count(*) FROM $"), "0");
}

TEST_F(ParquetTest, WhatIsNotFinishedLeavesNoFile) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  {
    const auto output = open(schema);
    ASSERT_TRUE(write(*output, schema, {{Cell::of(int64_t{1})}}).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  { const auto output = open(schema); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ParquetTest, APathThatCannotBeWrittenIsAnError) {
  path_ = folder_ + "/missing/x.parquet";
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  auto output = writers_.open(path_, schema);
  base::Status status;
  if (output.ok()) {
    for (int i = 0; i < 20 && status.ok(); ++i) {
      status = write(**output, schema, {{Cell::of(int64_t{1})}});
    }
    if (status.ok()) status = (*output)->finish();
  } else {
    status = std::move(output).error();
  }
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kIo);
}

TEST_F(ParquetTest, DecimalsOfAllSizesAndSigns) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kDecimal, false, 38, 9)};
  const Cell most = Cell::of(table::Decimal128{0x98a223fffffffff, 0x4b3b4ca85a86c47a});
  const Cell least = Cell::of(table::Decimal128{0xf675ddc000000001, -0x4b3b4ca85a86c47b});
  write_file(schema, {{most}, {least}, {Cell::of(table::Decimal128{~uint64_t{0}, -1})}});
  EXPECT_EQ(value_of("SELECT string_agg(n::VARCHAR, ' ') FROM $"),
            "99999999999999999999999999999.999999999 "
            "-99999999999999999999999999999.999999999 -0.000000001");
}

TEST_F(ParquetTest, TheBytesDoNotDependOnTheThreads) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kBigInt), column("v", SqlType::kVarchar)};
  std::vector<std::string> files;
  for (const unsigned threads : {1U, 2U, 3U}) {
    ParquetWriters writers(threads);
    const auto output = writers.open(path_, schema);
    ASSERT_TRUE(output.ok());
    for (int64_t piece = 0; piece < 40; ++piece) {
      std::vector<std::vector<Cell>> rows;
      std::deque<std::string> texts;
      for (int64_t i = 0; i < 9000 + piece; ++i) {
        texts.push_back("a text that is longer than twelve bytes " + std::to_string(i * piece));
        rows.push_back({Cell::of(i), text(texts.back())});
      }
      ASSERT_TRUE(write(**output, schema, rows).ok());
    }
    ASSERT_TRUE((*output)->finish().ok());
    std::ifstream in(path_, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(files[0], files[2]);
  EXPECT_EQ(value_of("SELECT count(DISTINCT row_group_id) FROM parquet_metadata(" +
                     quote_literal(path_) + ")"),
            "3");
}

TEST_F(ParquetTest, OutputsThatAreOpenTogetherShareADatabase) {
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  std::vector<std::unique_ptr<engine::Output>> outputs;
  const std::string folder = folder_;
  for (int64_t i = 0; i < 5; ++i) {
    path_ = folder + "/" + std::to_string(i) + ".parquet";
    outputs.push_back(open(schema));
  }
  for (int64_t round = 0; round < 10; ++round) {  // more than one channel holds, one after another
    for (int64_t i = 0; i < 5; ++i) {
      ASSERT_TRUE(write(*outputs[static_cast<size_t>(i)], schema, {{Cell::of(i)}}).ok());
    }
  }
  outputs[3].reset();  // one that is given up does not hold up the others
  for (int64_t i = 0; i < 5; ++i) {
    if (i == 3) continue;
    ASSERT_TRUE(outputs[static_cast<size_t>(i)]->finish().ok());
    path_ = folder + "/" + std::to_string(i) + ".parquet";
    EXPECT_EQ(value_of("SELECT count(*) || ' ' || max(n) FROM $"), "10 " + std::to_string(i));
  }
}

/// DuckDB's memory is drawn for the first output and given back after the last.
TEST_F(ParquetTest, OutputsDrawWhatDuckDbMayUse) {
  static constexpr uint64_t kPart = uint64_t{32} << 20;
  table::Schema schema;
  schema.columns = {column("n", SqlType::kInteger)};
  for (const uint64_t free : {kPart - 1, kPart, kPart + 1}) {
    base::MemoryBudget budget(2 * kPart);
    base::CommonMemory memory(budget, kPart);
    ParquetWriters writers(2, &memory);
    ASSERT_TRUE(budget.take(2 * kPart - free));
    auto first = writers.open(path_, schema);
    ASSERT_EQ(first.ok(), free >= kPart);
    if (!first.ok()) {
      EXPECT_EQ(first.error().code(), base::ErrorCode::kNoMemory);
      EXPECT_EQ(budget.taken(), 2 * kPart - free);
      budget.give_back(2 * kPart - free);
      EXPECT_TRUE(writers.open(path_, schema).ok()) << "as soon as there is room";
      continue;
    }
    auto second = writers.open(folder_ + "/second.parquet", schema);
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(budget.taken(), 3 * kPart - free);
    first->reset();
    EXPECT_EQ(budget.taken(), 3 * kPart - free);
    ASSERT_TRUE(write(**second, schema, {{Cell::of(int64_t{1})}}).ok());
    ASSERT_TRUE((*second)->finish().ok());
    second->reset();
    EXPECT_EQ(budget.taken(), 2 * kPart - free);
  }
}

TEST(SessionTest, RunsStatementsAndReportsErrors) {
  auto instance = Instance::open({.threads = 2, .temp_dir = {}});
  ASSERT_TRUE(instance.ok()) << instance.error().message();
  auto session = Session::open(std::move(instance).value());
  ASSERT_TRUE(session.ok()) << session.error().message();
  EXPECT_TRUE((*session)->execute("SELECT 1").ok());
  base::Status status = (*session)->execute("SELEC 1");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("DuckDB"), std::string::npos);
  EXPECT_TRUE((*session)->execute("SELECT 1").ok());
}

TEST(SessionTest, QuotesLiterals) {
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("''"), "''''''");
}

}  // namespace
}  // namespace kiln::sql
