#include "sql/statement.h"

#include <fstream>

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

/// What becomes of a statement, in one line.
std::string fate(const std::string& text) {
  const auto statement = Statement::parse(text, "q.sql");
  if (!statement.ok()) {
    const base::Error& error = statement.error();
    return std::string(base::name_of(error.code())) + " " + std::to_string(error.position().line) +
           ":" + std::to_string(error.position().column) + " " + error.message();
  }
  std::string line = "tables";
  for (const Mention& table : statement->tables()) line += " " + table.name;
  line += "; placeholders";
  for (const Mention& placeholder : statement->placeholders()) line += " " + placeholder.name;
  return line;
}

/// Lines of a file of tests; `\n`, `\t`, `\\` and `\xHH` in them are what they are in C.
std::vector<std::vector<std::string>> rows_of(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> cells(1);
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\t') {
        cells.emplace_back();
      } else if (line[i] != '\\') {
        cells.back() += line[i];
      } else {
        const char c = line[++i];
        if (c == 'x') {
          cells.back() += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
          i += 2;
        } else {
          cells.back() += c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
      }
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

TEST(StatementTest, WhatIsHostileIsRefusedAtItsPlaceOrLeftToTheLimits) {
  const auto rows = rows_of("tests/sql/adversarial.tsv");
  EXPECT_GE(rows.size(), 200U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3U);
    const std::string& expected = row[1];
    const auto statement = Statement::parse(row[2], "q.sql");
    if (expected.starts_with("bounded")) {
      EXPECT_TRUE(statement.ok()) << row[2] << "\n" << statement.error().to_string();
      continue;
    }
    ASSERT_FALSE(statement.ok()) << row[2];
    const base::Error& error = statement.error();
    EXPECT_EQ("refused " + std::string(base::name_of(error.code())) + " " +
                  std::to_string(error.position().line) + ":" +
                  std::to_string(error.position().column),
              expected)
        << row[2] << "\n"
        << error.to_string();
    EXPECT_EQ(error.position().source, "q.sql");
    EXPECT_LE(error.caret(), error.excerpt().size());
  }
}

TEST(StatementTest, WhatAnalystsWritePasses) {
  const auto rows = rows_of("tests/sql/queries.tsv");
  EXPECT_GE(rows.size(), 100U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3U);
    EXPECT_EQ(fate(row[2]), "tables" + (row[0].empty() ? "" : " " + row[0]) + "; placeholders" +
                                (row[1].empty() ? "" : " " + row[1]))
        << row[2];
  }
}

Statement parsed(const std::string& text) {
  auto statement = Statement::parse(text, "q.sql");
  EXPECT_TRUE(statement.ok()) << (statement.ok() ? "" : statement.error().to_string());
  return std::move(statement).value();
}

std::string type_of(std::string_view name) { return name == "n" ? "INTEGER" : ""; }

TEST(StatementTest, DuckDbIsGivenTablesOfASchemaAndTypedPlaceholders) {
  const Statement statement = parsed("SELECT `a``\"b`, :n FROM t, `U` x, \"V\" WHERE b = $m;");
  EXPECT_EQ(statement.for_duckdb("l1", type_of).sql,
            "SELECT \"a`\"\"b\", CAST($n AS INTEGER) FROM l1.\"t\", l1.\"U\" x, l1.\"V\" "
            "WHERE b = $m ");
  EXPECT_EQ(statement.for_duckdb("", {}).sql,
            "SELECT \"a`\"\"b\", $n FROM \"t\", \"U\" x, \"V\" WHERE b = $m ");
}

TEST(StatementTest, ATableIsWrittenOnceWhereTheTreeHasItTwice) {
  const Statement statement = parsed(
      "SELECT CASE (SELECT max(x) FROM t) WHEN 1 THEN 2 WHEN $n "
      "THEN 4 END");
  ASSERT_EQ(statement.tables().size(), 1U);
  EXPECT_EQ(statement.for_duckdb("l0", {}).sql,
            "SELECT CASE (SELECT max(x) FROM l0.\"t\") WHEN 1 THEN 2 WHEN $n THEN 4 END");
}

TEST(StatementTest, PlacesAreThoseOfTheText) {
  const std::string text = "SELECT\xC2\xA0`a` + :n, bad FROM t WHERE x";
  const Statement statement = parsed(text);
  const Rewritten rewritten = statement.for_duckdb("schema", type_of).behind(5);
  for (const std::string_view word : {"bad", "WHERE", "x", "SELECT", "FROM"}) {
    const size_t place = rewritten.sql.find(word);
    ASSERT_NE(place, std::string::npos);
    EXPECT_EQ(rewritten.offset_of(place), text.find(word)) << word;
  }
  EXPECT_EQ(rewritten.offset_of(rewritten.sql.find("CAST")), text.find(":n"));
  EXPECT_EQ(rewritten.offset_of(rewritten.sql.find("INTEGER")), text.find(", bad"));
  EXPECT_EQ(rewritten.offset_of(rewritten.sql.find("schema")), text.find("t WHERE"));
  EXPECT_EQ(rewritten.offset_of(0), 0U);
  EXPECT_EQ(rewritten.offset_of(rewritten.sql.size()), text.size());
  const base::Error error =
      statement.at(text.find("bad"), base::Error(base::ErrorCode::kInvalid, "no"));
  EXPECT_EQ(error.to_string(), "q.sql:1:" + std::to_string(1 + text.find("bad")) + ": no");
}

TEST(StatementTest, ErrorsOfTheParserAreAtTheTextsOwnWord) {
  EXPECT_EQ(fate("SELECT\n`a` `b` `c` FROM t"), "invalid 2:9 a syntax error at `c`");
  EXPECT_EQ(fate("SELECT :a :b"), "invalid 1:11 a syntax error at :b");
  EXPECT_EQ(fate("SELECT 1 +"), "invalid 1:11 a syntax error at the end");
}

TEST(StatementTest, UnknownFunctionsHaveANearName) {
  const auto statement = Statement::parse("SELECT cuont(*) FROM t", "q");
  ASSERT_FALSE(statement.ok());
  EXPECT_EQ(statement.error().suggestion(), "count");
  const auto table = Statement::parse("FROM generate_serie(1, 2)", "q");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().suggestion(), "generate_series");
}

TEST(StatementTest, WhatIsTooDeepIsRefusedInEveryDirection) {
  const auto repeated = [](size_t count, const std::string& text) {
    std::string all;
    for (size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  for (const size_t depth : {size_t{99}, size_t{1000}, size_t{20'000}}) {
    for (const std::string& text :
         {"SELECT " + repeated(depth, "NOT ") + "a", "SELECT a" + repeated(depth, " + a"),
          "SELECT a" + repeated(depth, "::INTEGER"), "SELECT a" + repeated(depth, "[1]"),
          "SELECT a::INTEGER" + repeated(depth, "[]"), "SELECT 1 FROM a" + repeated(depth, ", a"),
          "SELECT 1" + repeated(depth, " EXCEPT SELECT 1"),
          "SELECT " + repeated(depth, "x -> ") + "1",
          "SELECT f" + repeated(depth, " COLLATE nocase"),
          "SELECT " + repeated(depth, "CASE WHEN a THEN b ELSE ") + "c" + repeated(depth, " END"),
          "SELECT " + repeated(depth, "(") + "1" + repeated(depth, ")"),
          "SELECT " + repeated(depth, "[") + "1" + repeated(depth, "]"),
          "SELECT * FROM " + repeated(depth, "(SELECT * FROM ") + "a" + repeated(depth, ")")}) {
      const auto statement = Statement::parse(text, "q");
      if (depth == 99) continue;  // either
      ASSERT_FALSE(statement.ok()) << text.substr(0, 40);
      EXPECT_EQ(base::name_of(statement.error().code()), "limit") << text.substr(0, 40);
    }
  }
  EXPECT_EQ(fate("SELECT 1" + repeated(90, " + 1")), "tables; placeholders");
}

TEST(StatementTest, LargeStatementsPass) {
  std::string list = "SELECT * FROM t WHERE id IN ('p0'";
  for (int i = 1; i < 30'000; ++i) list += ", 'p" + std::to_string(i) + "'";
  EXPECT_EQ(fate(list + ")"), "tables t; placeholders");
}

}  // namespace
}  // namespace kiln::sql
