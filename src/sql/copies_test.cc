#include "sql/copies.h"

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

bool passes(const std::string& text) {
  const auto tokens = tokenize(text, "q");
  EXPECT_TRUE(tokens.ok());
  return tokens.ok() && check_copies(text, "q", tokens->words).ok();
}

std::string times(size_t count, const std::string& text) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(CopiesTest, WhatIsWrittenOnceIsNotMoreThanItIs) {
  EXPECT_TRUE(passes("SELECT " + times(30'000, "1,") + "1"));
  EXPECT_TRUE(passes("SELECT CASE" + times(5000, " WHEN a THEN b") + " END"));
  EXPECT_TRUE(passes("SELECT CASE x" + times(5000, " WHEN 1 THEN b") + " END"));
  EXPECT_TRUE(passes("SELECT sum(x) OVER w, sum(y) OVER w FROM t WINDOW w AS (PARTITION BY a)"));
}

TEST(CopiesTest, OperandsOfCaseMultiply) {
  const std::string operand = "[" + times(1000, "1,") + "1]";
  EXPECT_TRUE(passes("SELECT CASE " + operand + times(50, " WHEN 1 THEN 2") + " END"));
  EXPECT_FALSE(passes("SELECT CASE " + operand + times(500, " WHEN 1 THEN 2") + " END"));
  // Doubled by each.
  EXPECT_TRUE(
      passes("SELECT " + times(10, "CASE ") + "x" + times(10, " WHEN 1 THEN 2 WHEN 3 THEN 4 END")));
  EXPECT_FALSE(
      passes("SELECT " + times(30, "CASE ") + "x" + times(30, " WHEN 1 THEN 2 WHEN 3 THEN 4 END")));
  // Words that are no keywords there, and brackets in between, hide none.
  EXPECT_FALSE(passes("SELECT CASE (SELECT a.end AS end, 1 AS case, " + operand + ")" +
                      times(500, " WHEN 1 THEN 2") + " END"));
}

TEST(CopiesTest, NamedWindowsMultiply) {
  const std::string uses = times(500, "sum(x) OVER w, ") + "1";
  const std::string window = " FROM t WINDOW w AS (PARTITION BY " + times(300, "a, ") + "a)";
  EXPECT_FALSE(passes("SELECT " + uses + window));
  EXPECT_FALSE(passes("SELECT " + uses + " FROM t WINDOW v AS (ORDER BY a), w AS (PARTITION BY " +
                      times(300, "a, ") + "a)"));
  EXPECT_FALSE(passes("SELECT " + uses + " FROM t WINDOW\xC2\xA0w AS (PARTITION BY " +
                      times(300, "a, ") + "a)"));
  EXPECT_TRUE(passes("SELECT sum(x) OVER w" + window));
  EXPECT_FALSE(
      passes("SELECT sum(x) OVER w FROM t WINDOW w AS "
             "(PARTITION BY (SELECT sum(y) OVER v FROM u WINDOW v AS (ORDER BY z)))"));
  EXPECT_FALSE(
      passes("SELECT CASE (SELECT sum(y) OVER v FROM u WINDOW v AS (ORDER BY z)) "
             "WHEN 1 THEN 2 END"));
}

TEST(CopiesTest, GroupingSetsAreFew) {
  EXPECT_TRUE(passes("SELECT 1 FROM t GROUP BY CUBE (a, b), ROLLUP (c, d)"));
  EXPECT_TRUE(passes("SELECT 1 FROM t GROUP BY GROUPING SETS (" + times(30, "(a),") + "())"));
  EXPECT_FALSE(passes("SELECT 1 FROM t GROUP BY GROUPING SETS (" + times(60, "(a),") + "())"));
  EXPECT_FALSE(passes("SELECT 1 FROM t GROUP BY ROLLUP (" + times(100, "a, ") + "a)"));
  EXPECT_FALSE(passes("SELECT CASE (SELECT 1 FROM t GROUP BY CUBE (a, b)) WHEN 1 THEN 2 END"));
}

TEST(CopiesTest, ConditionsAreBounded) {
  EXPECT_TRUE(passes("SELECT a" + times(kMostConditions, " AND a")));
  EXPECT_FALSE(passes("SELECT a" + times(kMostConditions, " AND a") + " OR a"));
}

}  // namespace
}  // namespace kiln::sql
