#include "sql/duckdb_error.h"

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

using base::ErrorCode;

DuckDbError read(const std::string& message) {
  return read_duckdb_error(R"({"exception_type":"Binder","exception_message":")" + message +
                           R"(","position":"7"})");
}

TEST(DuckDbErrorTest, TheFirstLineWithItsPlace) {
  const DuckDbError error = read(R"(No function\n\tCandidate functions:\n\t+(TINYINT))");
  EXPECT_EQ(error.error.message(), "No function");
  EXPECT_EQ(error.error.code(), ErrorCode::kInvalid);
  EXPECT_EQ(error.position, 7u);
  EXPECT_EQ(error.error.suggestion(), "");
}

TEST(DuckDbErrorTest, AColumnThatMayHaveBeenMeant) {
  DuckDbError error = read(
      R"(Referenced column \"patient_idd\" not found in FROM clause!\nCandidate bindings: \"id\", \"patient_id\")");
  EXPECT_EQ(error.error.suggestion(), "patient_id");
  EXPECT_EQ(error.missing_column, "");
  error = read(
      R"(Referenced column \"idd\" not found in FROM clause!\nCandidate bindings: \"c.gender\", \"c.id\", \"p.id\")");
  EXPECT_EQ(error.error.suggestion(), "c.id");
  error = read(R"(Referenced table \"pp\" not found!\nCandidate tables: \"p\")");
  EXPECT_EQ(error.error.suggestion(), "p");
  error =
      read(R"(Referenced column \"other\" not found in FROM clause!\nCandidate bindings: \"id\")");
  EXPECT_EQ(error.error.suggestion(), "");
}

TEST(DuckDbErrorTest, AColumnOfATableThatDuckDbHasNoCandidatesFor) {
  const DuckDbError error = read(R"(Values list \"c\" does not have a column named \"idd\")");
  EXPECT_EQ(error.error.message(), R"(Table "c" does not have a column named "idd")");
  EXPECT_EQ(error.missing_column, "idd");
}

TEST(DuckDbErrorTest, QuotesThatDoNotEnd) {
  EXPECT_EQ(read(R"(Referenced column \"a)").error.suggestion(), "");
  EXPECT_EQ(read(R"(Referenced \"a\"\n\"b)").error.suggestion(), "");
  EXPECT_EQ(read(R"( does not have a column named \"\")").missing_column, "");
}

}  // namespace
}  // namespace kiln::sql
