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

}  // namespace
}  // namespace kiln::sql
