#include "sql/prepared_query.h"

#include <gtest/gtest.h>

#include "engine/run_for_test.h"
#include "sql/session.h"
#include "sql/view_tables.h"

namespace kiln::sql {
namespace {

using base::ErrorCode;

/// Patients and observations, and views over them.
class PreparedQueryTest : public engine::EngineTest {
 protected:
  static view::ViewPtr view(const std::string& text) { return compile(text); }
  static Statement statement(const std::string& text) {
    auto parsed = Statement::parse(text, "query.sql");
    EXPECT_TRUE(parsed.ok()) << parsed.error().to_string();
    return std::move(parsed).value();
  }
  static QueryPtr query(const std::string& text, std::vector<view::ViewPtr> views,
                        std::vector<std::string> labels, std::vector<Binding> bindings = {}) {
    Query made{{}, statement(text), {}, std::move(bindings)};
    for (size_t i = 0; i < views.size(); ++i) {
      made.relations.push_back({labels[i], views[i]});
      made.labels.push_back({labels[i], i});
    }
    return std::make_shared<const Query>(std::move(made));
  }

  base::Result<std::string> run(const QueryPtr& query, uint64_t limit = UINT64_MAX) {
    const dataset::Snapshot data = snapshot();
    engine::Options options;
    options.threads = 2;
    ViewTables tables(*query, data, options, stop_.get_token(), nullptr);
    auto prepared =
        PreparedQuery::make(*query, &tables, table::Values::kText, *open_query_instance({}));
    if (!prepared.ok()) return std::move(prepared).error();
    engine::SinkLog log;
    const auto output = engine::make_text_output(table::Format::kNdjson, (*prepared)->schema(),
                                                 std::make_unique<engine::LoggedSink>(log));
    auto written = (*prepared)->run(*output, limit, stop_.get_token());
    if (!written.ok()) return std::move(written).error();
    EXPECT_TRUE(log.finished);
    return log.bytes;
  }
  std::string rows(const QueryPtr& query, uint64_t limit = UINT64_MAX) {
    auto got = run(query, limit);
    return got.ok() ? *got : got.error().to_string();
  }
  std::string rows(const std::string& text) { return rows(query(text, {}, {})); }

  std::stop_source stop_;
};

constexpr const char* kPatients = R"({"resourceType":"ViewDefinition","name":"p","status":"active",
  "resource":"Patient","select":[{"column":[{"name":"id","path":"id"},
  {"name":"born","path":"birthDate","type":"date","tag":[{"name":"ansi/type","value":"DATE"}]},
  {"name":"active","path":"active","type":"boolean"},
  {"name":"given","path":"name.given","collection":true}]}]})";

constexpr const char* kNames = R"({"resourceType":"ViewDefinition","name":"n","status":"active",
  "resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]},
  {"forEach":"name","column":[{"name":"family","path":"family"},{"name":"use","path":"use"}]}]})";

TEST_F(PreparedQueryTest, ValuesOfEveryTypeComeBackAsTheyWere) {
  EXPECT_EQ(rows("SELECT 1::TINYINT a, -2::SMALLINT b, 3 c, 4::BIGINT d, 255::UTINYINT e, "
                 "18446744073709551615::UBIGINT f, (-5)::HUGEINT g, true h, NULL i"),
            "{\"a\":1,\"b\":-2,\"c\":3,\"d\":4,\"e\":255,\"f\":18446744073709551615,\"g\":-5,"
            "\"h\":true,\"i\":null}\n");
  EXPECT_EQ(rows("SELECT 1.50::DECIMAL(4,2) a, -0.05::DECIMAL(9,3) b, "
                 "12345678901234567890.123456789::DECIMAL(38,9) c, 0.1::DOUBLE d, 1e22::DOUBLE e"),
            "{\"a\":1.50,\"b\":-0.050,\"c\":12345678901234567890.123456789,\"d\":0.1,"
            "\"e\":1e+22}\n");
  EXPECT_EQ(rows("SELECT DATE '2024-02-29' a, TIME '10:11:12.5' b, "
                 "TIMESTAMP '1969-12-31 23:59:59.999999' c, "
                 "TIMESTAMPTZ '2024-01-01 00:00:00+02' d, 'a\"b' e, 'ab'::BLOB f"),
            "{\"a\":\"2024-02-29\",\"b\":\"10:11:12.5\",\"c\":\"1969-12-31T23:59:59.999999\","
            "\"d\":\"2023-12-31T22:00:00Z\",\"e\":\"a\\\"b\",\"f\":\"YWI=\"}\n");
}

TEST_F(PreparedQueryTest, NestedValuesAreJson) {
  EXPECT_EQ(rows("SELECT [1,NULL,3] a, ['x','y'] b, {'k': 1, 'v': ['z']} c, [[1],[]] d, "
                 "MAP {'m': 1.5} e"),
            "{\"a\":[1,null,3],\"b\":[\"x\",\"y\"],\"c\":{\"k\":1,\"v\":[\"z\"]},\"d\":[[1],[]],"
            "\"e\":{\"m\":1.5}}\n");
  // What DuckDB has as slices and dictionaries inside.
  EXPECT_EQ(rows("SELECT list_filter(l, x -> x > 2) a, l[2:3] b, list_sort(l, 'DESC') c, "
                 "{'s': l[1:1]} d FROM (SELECT [i, i + 1, i + 2] l FROM range(1, 3) t(i))"),
            "{\"a\":[3],\"b\":[2,3],\"c\":[3,2,1],\"d\":{\"s\":[1]}}\n"
            "{\"a\":[3,4],\"b\":[3,4],\"c\":[4,3,2],\"d\":{\"s\":[2]}}\n");
}

TEST_F(PreparedQueryTest, WhatNoFormatHasIsRefusedBeforeAnyRow) {
  auto refused = run(query("SELECT 1 a, INTERVAL 1 DAY b", {}, {}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message().find("'b'"), std::string::npos);
  auto infinite = run(query("SELECT 'infinity'::DATE a", {}, {}));
  ASSERT_FALSE(infinite.ok());
  EXPECT_EQ(infinite.error().code(), ErrorCode::kInvalid);
  EXPECT_FALSE(run(query("SELECT 'nan'::DOUBLE a", {}, {})).ok());
}

TEST_F(PreparedQueryTest, ViewsAreTables) {
  add_file(
      "Patient.ndjson",
      R"({"resourceType":"Patient","id":"a","birthDate":"2000-01-02","active":true,)"
      R"("name":[{"family":"A long family name","given":["X","A given name that is long"]},{"use":"old"}]})"
      "\n"
      R"({"resourceType":"Patient","id":"b"})"
      "\n");
  const std::vector<view::ViewPtr> views = {view(kPatients), view(kNames)};
  EXPECT_EQ(rows(query("SELECT * FROM p", views, {"p", "n"})),
            "{\"id\":\"a\",\"born\":\"2000-01-02\",\"active\":true,\"given\":[\"X\",\"A given name "
            "that is long\"]}\n"
            "{\"id\":\"b\",\"born\":null,\"active\":null,\"given\":[]}\n");
  EXPECT_EQ(rows(query("SELECT count(*) n FROM p", views, {"p", "n"})), "{\"n\":2}\n");
  EXPECT_EQ(
      rows(query("SELECT family, p.id FROM p JOIN n ON p.id = n.id ORDER BY family NULLS LAST",
                 views, {"p", "n"})),
      "{\"family\":\"A long family name\",\"id\":\"a\"}\n{\"family\":null,\"id\":\"a\"}\n");
  EXPECT_EQ(
      rows(query("SELECT born + 1 AS d, year(born) y FROM p WHERE active", views, {"p", "n"})),
      "{\"d\":\"2000-01-03\",\"y\":2000}\n");
}

TEST_F(PreparedQueryTest, SqlViewsHaveLabelsOfTheirOwn) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"a"})"
                             "\n"
                             R"({"resourceType":"Patient","id":"b"})"
                             "\n");
  Query made{{}, statement("SELECT * FROM t JOIN u USING (id)"), {}, {}};
  made.relations.push_back({"p", view(kPatients)});
  made.relations.push_back(
      {"one", nullptr, "", statement("SELECT id FROM t WHERE id = 'a'"), {{"t", 0}}});
  made.relations.push_back({"two", nullptr, "", statement("SELECT id FROM t"), {{"t", 1}}});
  made.labels = {{"t", 0}, {"u", 2}};
  EXPECT_EQ(rows(std::make_shared<const Query>(std::move(made))),
            "{\"id\":\"a\",\"born\":null,\"active\":null,\"given\":[]}\n");
}

TEST_F(PreparedQueryTest, ParametersAreBoundNotPasted) {
  const auto with = [&](const std::string& sql, std::vector<Binding> bindings) {
    return rows(query(sql, {}, {}, std::move(bindings)));
  };
  EXPECT_EQ(with("SELECT $x AS a, :y + 1 AS b",
                 {{"x", "VARCHAR", "'; DROP TABLE p; --"}, {"y", "INTEGER", "41"}}),
            "{\"a\":\"'; DROP TABLE p; --\",\"b\":42}\n");
  EXPECT_EQ(with("SELECT $d AS d, $n AS n, $b AS b", {{"d", "DATE", "2024-02-29"},
                                                      {"n", "DECIMAL(4,2)", "1.50"},
                                                      {"b", "BOOLEAN", std::nullopt}}),
            "{\"d\":\"2024-02-29\",\"n\":1.50,\"b\":null}\n");
}

TEST_F(PreparedQueryTest, ErrorsHaveTheirPlaceInTheStatement) {
  auto unknown = run(query("SELECT\n  1 + $x + nothere", {}, {}, {{"x", "INTEGER", "1"}}));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(unknown.error().position(), (base::SourcePosition{"query.sql", 2, 12}));
}

TEST_F(PreparedQueryTest, AnErrorInTheMidstIsNoEnd) {
  auto cast =
      run(query("SELECT CASE WHEN i = 100000 THEN 'x' ELSE '1' END::INTEGER a "
                "FROM range(200000) t(i)",
                {}, {}));
  ASSERT_FALSE(cast.ok());
  EXPECT_EQ(cast.error().code(), ErrorCode::kInvalid);
}

TEST_F(PreparedQueryTest, AnErrorInAViewIsItsOwn) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"a"})"
                             "\n"
                             R"({"resourceType":"Patient","id":"b","name":[{"family":1}]})"
                             "\n");
  const std::vector<view::ViewPtr> views = {view(kNames)};
  auto failed = run(query("SELECT family FROM n", views, {"n"}));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().position().line, 2U) << failed.error().to_string();
}

TEST_F(PreparedQueryTest, OnlyWhatIsReadIsEvaluated) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"a","name":[{"family":1}]})"
                             "\n");
  const std::vector<view::ViewPtr> views = {view(kNames)};
  EXPECT_EQ(rows(query("SELECT id FROM n", views, {"n"})), "{\"id\":\"a\"}\n");
}

TEST_F(PreparedQueryTest, ALimitStopsTheScan) {
  std::string text;
  for (int i = 0; i < 200000; ++i) {
    text += R"({"resourceType":"Patient","id":")" + std::to_string(i) + "\"}\n";
  }
  text += "{\n";
  add_file("Patient.ndjson", text);
  const std::vector<view::ViewPtr> views = {view(kPatients)};
  EXPECT_EQ(rows(query("SELECT id FROM p LIMIT 2", views, {"p"})),
            "{\"id\":\"0\"}\n{\"id\":\"1\"}\n");
  EXPECT_EQ(rows(query("SELECT id FROM p", views, {"p"}), 1), "{\"id\":\"0\"}\n");
  EXPECT_FALSE(run(query("SELECT count(id) FROM p", views, {"p"})).ok());
}

TEST_F(PreparedQueryTest, RowsComeInTheOrderOfTheInput) {
  std::string text;
  for (int i = 0; i < 100000; ++i) {
    text += R"({"resourceType":"Patient","id":")" + std::to_string(i) + "\"}\n";
  }
  add_file("Patient.ndjson", text);
  const std::vector<view::ViewPtr> views = {view(kPatients)};
  EXPECT_EQ(
      rows(query("SELECT count(*) n FROM (SELECT id::INT i, row_number() OVER () - 1 r FROM p) "
                 "WHERE i = r",
                 views, {"p"})),
      "{\"n\":100000}\n");
}

TEST_F(PreparedQueryTest, AStopEndsIt) {
  stop_.request_stop();
  auto stopped = run(query("SELECT count(*) FROM range(100000000000)", {}, {}));
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace kiln::sql
