// An SQL statement: no crash, errors inside the text, and what passes is held against a second
// look: the text that DuckDB is to be given passes again with the same tables and placeholders, and
// its tree reads no table but those of the schema and CTEs. The first byte chooses: a text, or
// bytes that choose words.
#include <set>

#include "base/text.h"
#include "fuzz/fuzz.h"
#include "sql/parse_tree.h"
#include "sql/statement.h"

namespace {

using namespace kiln;

constexpr std::string_view kWords[] = {
    "SELECT",
    "*",
    "FROM",
    "t",
    "u",
    "WHERE",
    "WITH",
    "RECURSIVE",
    "AS",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "::",
    ":=",
    "=",
    "+",
    "->",
    "->>",
    "'a'",
    "\"t\"",
    "`t`",
    "$n",
    ":n",
    "1",
    "1.5",
    "NULL",
    "UNION ALL",
    "UNION",
    "EXCEPT",
    "VALUES (1)",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "HAVING",
    "QUALIFY",
    "OVER",
    "WINDOW",
    "w",
    "PARTITION BY",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "IN",
    "EXISTS",
    "NOT",
    "AND",
    "JOIN",
    "LATERAL",
    "ON true",
    "USING (a)",
    "PIVOT",
    "UNPIVOT",
    "FOR",
    "range(3)",
    "read_csv('x')",
    "count(*)",
    "sum(a)",
    "getenv('A')",
    "list_filter",
    "lambda x:",
    "x ->",
    "DISTINCT",
    "FILTER",
    "CUBE",
    "ROLLUP",
    "GROUPING SETS",
    "INTEGER",
    "CAST",
    "DESCRIBE",
    "SHOW",
    "information_schema.tables",
    "pg_class",
    "'x.csv'",
    "SUMMARIZE",
    "INTERVAL",
    "DAY",
    "COLLATE",
    "nocase",
    "AT TIME ZONE",
    ";",
    "--\n",
    "/*",
    "*/",
    "$$",
    "e'\\'",
    "unnest",
    "TABLE",
    "a",
    "main.t",
    "\xC2\xA0",
    "?",
    "$1",
    "INSERT INTO",
};

std::string text_of(std::string_view input) {
  if (fuzz::take_choice(input, 2) == 0) return std::string(input);
  std::string text;
  while (!input.empty()) {
    text += kWords[fuzz::take_choice(input, std::size(kWords))];
    text += ' ';
  }
  return text;
}

void check_error(const base::Error& error, const std::string& text) {
  fuzz::check(!error.message().empty(), "an error without words", text);
  fuzz::check(error.caret() <= error.excerpt().size(), "a caret outside of the excerpt", text);
  fuzz::check(error.position().line >= 1 && error.position().column >= 1, "no place", text);
  fuzz::check(error.position().column <= text.size() + 1, "a column outside of the text", text);
}

void collect(const json::Value& value, std::set<std::string>& ctes,
             std::vector<json::Value>& tables) {
  if (value["type"].text() == "BASE_TABLE") tables.push_back(value);
  if (value.key() == "cte_map") {
    for (const json::Value& entry : value["map"].items()) {
      ctes.insert(base::lower(entry["key"].text()));
    }
  }
  for (const json::Value& member : value.items()) collect(member, ctes, tables);
}

void check_tables(const sql::Statement& statement, const std::string& text) {
  const std::string sql =
      statement.for_duckdb("l7", [](std::string_view) { return "INTEGER"; }).sql;
  const auto tree = sql::parse_tree(sql);
  if (!tree.ok()) return;  // larger than the text, and too large
  fuzz::check(!(*tree)->root()["error"].boolean(), "what DuckDB is given does not parse", text);
  fuzz::check((*tree)->root()["statements"].size() == 1, "not one statement", text);
  std::set<std::string> ctes;
  std::vector<json::Value> tables;
  collect((*tree)->root(), ctes, tables);
  for (const json::Value& table : tables) {
    const bool is_ours =
        table["schema_name"].text() == "l7" && table["catalog_name"].text().empty();
    const bool is_cte = table["schema_name"].text().empty() &&
                        ctes.contains(base::lower(table["table_name"].text()));
    fuzz::check(is_ours || is_cte, "another table is read", text);
  }
}

bool same(const std::vector<sql::Mention>& a, const std::vector<sql::Mention>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = text_of(fuzz::as_text(data, size));
  const auto statement = sql::Statement::parse(text, "q.sql");
  if (!statement.ok()) {
    check_error(statement.error(), text);
    return 0;
  }
  for (const sql::Mention& mention : statement->placeholders()) {
    fuzz::check(text.substr(mention.begin + 1, mention.end - mention.begin - 1) == mention.name,
                "a placeholder that is elsewhere", text);
  }
  const std::string sql = statement->for_duckdb("", [](std::string_view) { return "VARCHAR"; }).sql;
  const auto again = sql::Statement::parse(sql, "q.sql");
  if (again.ok()) {
    fuzz::check(same(again->tables(), statement->tables()), "other tables", text);
    fuzz::check(same(again->placeholders(), statement->placeholders()), "other names", text);
  } else {  // CAST has brackets and words of its own
    const std::string& message = again.error().message();
    const bool is_limit = message.find("more than") != std::string::npos ||
                          message.find("at most") != std::string::npos ||
                          message.find("too") != std::string::npos;
    fuzz::check(is_limit, message.c_str(), text);
  }
  check_tables(*statement, text);
  return 0;
}
