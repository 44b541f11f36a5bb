#include "sql/prepared_query.h"

#include <gtest/gtest.h>

#include "engine/run_for_test.h"
#include "sql/session.h"
#include "sql/view_tables.h"

namespace kiln::sql {
namespace {

using base::ErrorCode;

/// Notes what is wanted, and may leave conditions to DuckDB alone.
class NotedTables final : public Tables {
 public:
  NotedTables(Tables& tables, bool conditions, uint64_t expected_rows,
              std::vector<table::Wanted>& noted)
      : tables_(tables), conditions_(conditions), expected_rows_(expected_rows), noted_(noted) {}
  base::Result<std::unique_ptr<Rows>> open(size_t relation, const table::Wanted& wanted) override {
    noted_.push_back(wanted);
    return tables_.open(relation, conditions_ ? wanted : table::Wanted{wanted.columns});
  }
  uint64_t expected_rows(size_t relation) const override {
    return expected_rows_ != 0 ? expected_rows_ : tables_.expected_rows(relation);
  }

 private:
  Tables& tables_;
  const bool conditions_;
  const uint64_t expected_rows_;
  std::vector<table::Wanted>& noted_;
};

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
    ViewTables views(*query, data, options, stop_.get_token(), nullptr);
    NotedTables tables(views, push_down_, expected_rows_, wanted_);
    wanted_.clear();
    auto prepared =
        PreparedQuery::make(*query, &tables, table::Values::kText, *open_query_instance(limits_));
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

  /// The conditions of the first reading, as "place op any of it".
  std::string conditions() const {
    static constexpr const char* kOps[] = {"null", "not null", "=",  "<>", "<",
                                           "<=",   ">",        ">=", "^"};
    std::string text;
    if (wanted_.empty()) return "nothing read";
    for (const table::Condition& condition : wanted_[0].conditions) {
      if (!text.empty()) text += " and ";
      text += std::to_string(condition.column);
      for (const table::Test& test : condition.any) {
        text += " " + std::string(kOps[static_cast<size_t>(test.op)]);
        if (const auto* value = std::get_if<std::string>(&test.constant)) text += " " + *value;
        if (const auto* value = std::get_if<int64_t>(&test.constant)) {
          text += " " + std::to_string(*value);
        }
        if (const auto* value = std::get_if<bool>(&test.constant)) text += *value ? " true" : " no";
        if (const auto* value = std::get_if<table::Decimal128>(&test.constant)) {
          text += " " + std::to_string(value->high) + ":" + std::to_string(value->low);
        }
      }
    }
    return text;
  }

  std::stop_source stop_;
  QueryLimits limits_;
  bool push_down_ = true;
  uint64_t expected_rows_ = 0;  ///< in place of what the data tell
  std::vector<table::Wanted> wanted_;
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

constexpr const char* kEveryType =
    R"j({"resourceType":"ViewDefinition","name":"o","status":"active","resource":"Observation",
  "select":[{"column":[{"name":"id","path":"id"},
  {"name":"n","path":"component.count()","type":"integer"},
  {"name":"ok","path":"value.ofType(boolean)","type":"boolean"},
  {"name":"d","path":"value.ofType(dateTime)","type":"date","tag":[{"name":"ansi/type","value":"DATE"}]},
  {"name":"ts","path":"issued","type":"instant",
   "tag":[{"name":"ansi/type","value":"TIMESTAMP WITH TIME ZONE"}]},
  {"name":"q","path":"value.ofType(Quantity).value","type":"decimal",
   "tag":[{"name":"ansi/type","value":"DECIMAL(38,9)"}]},
  {"name":"s","path":"value.ofType(Quantity).value","type":"decimal",
   "tag":[{"name":"ansi/type","value":"DECIMAL(9,2)"}]},
  {"name":"f","path":"value.ofType(Quantity).value","type":"decimal",
   "tag":[{"name":"ansi/type","value":"DOUBLE"}]},
  {"name":"codes","path":"code.coding.code","collection":true}]}]})j";

constexpr const char* kObservations =
    R"({"resourceType":"Observation","id":"a","valueBoolean":true,"issued":"2024-01-01T00:00:00Z"})"
    "\n"
    R"({"resourceType":"Observation","id":"b","valueBoolean":false,"code":{"coding":[{"code":"x"}]}})"
    "\n"
    R"({"resourceType":"Observation","id":"ab","valueDateTime":"2024-02-29","component":[{},{}]})"
    "\n"
    R"({"resourceType":"Observation","id":"c","valueQuantity":{"value":-12.5},"component":[{}]})"
    "\n"
    R"({"resourceType":"Observation","id":"d","valueQuantity":{"value":100},"issued":"2023-01-01T00:00:00Z"})"
    "\n"
    R"({"resourceType":"Observation"})"
    "\n";

/// {what follows SELECT * FROM o, the conditions that the engine gets}.
constexpr std::pair<const char*, const char*> kConditions[] = {
    {"WHERE id = 'a'", "0 = a"},
    {"WHERE 'a' < id", "0 > a"},
    {"WHERE id <> 'a' AND id IS NOT NULL", "0 not null and 0 <> a"},
    {"WHERE id IN ('a', 'c', 'zz')", "0 = a = c = zz"},
    {"WHERE id LIKE 'a%'", "0 ^ a"},
    {"WHERE starts_with(id, 'a')", "0 ^ a"},
    {"WHERE id IS NULL", "0 null"},
    {"WHERE n = 2", "1 = 2"},
    {"WHERE n BETWEEN 1 AND 2", "1 >= 1 and 1 <= 2"},
    {"WHERE n > 0 AND n < 2", "1 > 0 and 1 < 2"},
    {"WHERE ok", "2 = true"},
    {"WHERE NOT ok", "2 = no"},
    {"WHERE ok IS NULL AND n = 0", "2 null and 1 = 0"},
    {"WHERE d = DATE '2024-02-29'", "3 = 19782"},
    {"WHERE ts >= TIMESTAMPTZ '2023-06-01 00:00:00Z'", "4 >= 1685577600000000"},
    {"WHERE q > 5", "5 > 0:5000000000"},
    {"WHERE q < -5", "5 < -1:18446744068709551616"},
    {"WHERE s = -12.5", "6 = -1:18446744073709550366"},
    {"WHERE $p = id", "0 = ab"},
    {"WHERE n >= $k AND id > $p", "1 >= 1 and 0 > ab"},
    // What may not be equal is DuckDB's alone.
    {"WHERE f > 5", ""},
    {"WHERE id || 'x' = 'ax'", ""},
    {"WHERE lower(id) = 'a'", ""},
    {"WHERE id COLLATE NOCASE = 'A'", ""},
    {"WHERE id = 'a' OR n = 2", ""},
    {"WHERE id LIKE '%a%'", ""},
    {"WHERE codes IS NULL", ""},
    {"WHERE codes = ['x']", ""},
    {"WHERE id IS DISTINCT FROM 'a'", ""},
    {"WHERE n = random()", ""},
    {"o1 WHERE EXISTS (SELECT 1 FROM o o2 WHERE o2.id = o1.id AND o2.n = 2)", ""},
    {"LIMIT 3", ""},
};

/// A condition that the engine has does not change what comes out.
TEST_F(PreparedQueryTest, ConditionsThatAreSurelyEqualGoToTheEngine) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  for (const auto& [clause, expected] : kConditions) {
    const std::string text = std::string("SELECT * FROM o ") + clause;
    std::vector<Binding> bindings;
    if (text.find("$p") != std::string::npos) bindings.push_back({"p", "VARCHAR", "ab"});
    if (text.find("$k") != std::string::npos) bindings.push_back({"k", "INTEGER", "1"});
    const QueryPtr asked = query(text, views, {"o"}, std::move(bindings));
    push_down_ = true;
    const std::string with = rows(asked);
    EXPECT_EQ(conditions(), expected) << clause;
    push_down_ = false;
    EXPECT_EQ(with, rows(asked)) << clause;
    EXPECT_EQ(with.find("error"), std::string::npos) << with;
  }
}

TEST_F(PreparedQueryTest, ConditionsOfAViewThatIsReadTwiceHaveToBeTheSame) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  const auto check = [&](const std::string& text, const std::string& expected, const char* got) {
    EXPECT_EQ(rows(query(text, views, {"o"})), got) << text;
    EXPECT_EQ(conditions(), expected) << text;
  };
  check("SELECT count(*) n FROM o a JOIN o b ON a.n = b.n WHERE a.id = 'c' AND b.n = 1", "",
        "{\"n\":1}\n");
  check("SELECT id FROM o WHERE id = 'a' UNION ALL SELECT id FROM o WHERE id = 'b'", "",
        "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  check("SELECT id FROM o WHERE id = 'a' UNION ALL SELECT id FROM o", "",
        "{\"id\":\"a\"}\n{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"ab\"}\n{\"id\":\"c\"}\n"
        "{\"id\":\"d\"}\n{\"id\":null}\n");
  check("SELECT id FROM o WHERE id = 'a' UNION ALL SELECT id FROM o WHERE id = 'a'", "0 = a",
        "{\"id\":\"a\"}\n{\"id\":\"a\"}\n");
}

/// {query, readings where a table can be made}; without room as many as it mentions the view.
constexpr std::pair<const char*, size_t> kShared[] = {
    {"SELECT a.id, b.n FROM o a JOIN o b ON a.id = b.id WHERE b.n > 0 ORDER BY 1", 1},
    {"SELECT count(*) n FROM o a, o b", 1},
    {"SELECT a.q, b.s, b.codes, a.ts FROM o a JOIN o b ON a.id = b.id ORDER BY a.id", 1},
    {"SELECT id FROM o WHERE n = (SELECT max(n) FROM o) ORDER BY 1", 1},
    {"WITH x AS (SELECT id, n FROM o) SELECT * FROM x a JOIN x b USING (n) ORDER BY ALL", 1},
    {"SELECT d, ok FROM o WHERE ok IS NOT NULL OR d IS NOT NULL", 1},
};

TEST_F(PreparedQueryTest, AViewThatIsReadTwiceIsScannedOnceWhereThereIsRoom) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  for (const auto& [text, expected] : kShared) {
    const QueryPtr asked = query(text, views, {"o"});
    limits_ = {};
    const std::string twice = rows(asked);
    const size_t readings = wanted_.size();
    limits_.temp_dir = testing::TempDir() + "kiln-prepared-query-spill";
    EXPECT_EQ(rows(asked), twice) << text;
    EXPECT_EQ(wanted_.size(), expected) << text << readings;
    limits_.memory = 64 << 20;  // less than what the file may come to
    expected_rows_ = 2'000'000;
    EXPECT_EQ(rows(asked), twice) << text;
    EXPECT_EQ(wanted_.size(), readings) << text;
    expected_rows_ = 0;
  }
}

TEST_F(PreparedQueryTest, ARecursiveQueryReadsItsViewOnce) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  limits_.temp_dir = testing::TempDir() + "kiln-prepared-query-spill";
  EXPECT_EQ(rows(query("WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT r.n + 1 FROM r, o "
                       "WHERE r.n < 20 AND o.id = 'a') SELECT count(*) n FROM r",
                       views, {"o"})),
            "{\"n\":21}\n");
  EXPECT_EQ(wanted_.size(), 1U);
}

/// First rows are not waited for until all have been read.
TEST_F(PreparedQueryTest, WhatMayStopEarlyIsNotShared) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  limits_.temp_dir = testing::TempDir() + "kiln-prepared-query-spill";
  const std::string both = "SELECT id FROM o UNION ALL SELECT d::VARCHAR FROM o";
  EXPECT_EQ(rows(query(both, views, {"o"}), 1), "{\"id\":\"a\"}\n");
  EXPECT_EQ(wanted_.size(), 2U);
  rows(query(both + " LIMIT 1", views, {"o"}));
  EXPECT_EQ(wanted_.size(), 2U);
  rows(query(both, views, {"o"}));
  EXPECT_EQ(wanted_.size(), 1U);
}

/// How much a view comes to is but guessed.
TEST_F(PreparedQueryTest, WithoutRoomForASharedReadingThereAreTwo) {
  std::string text;
  for (int i = 0; i < 30000; ++i) {
    text += R"({"resourceType":"Patient","id":"a long id, so that it is not in the row )" +
            std::to_string(i) + "\",\"active\":true}\n";
  }
  add_file("Patient.ndjson", text);
  const std::vector<view::ViewPtr> views = {view(kPatients)};
  limits_.memory = 20 << 20;
  limits_.temp_dir = testing::TempDir() + "kiln-prepared-query-spill";
  limits_.temp = 1 << 20;
  expected_rows_ = 1;
  EXPECT_EQ(rows(query("SELECT (SELECT count(*) FROM p WHERE active) a, "
                       "(SELECT max(repeat(id, 30)) FROM p)[1:1] b, "
                       "(SELECT min(repeat(id, 20)) FROM p)[1:1] c",
                       views, {"p"})),
            "{\"a\":30000,\"b\":\"a\",\"c\":\"a\"}\n");
}

TEST_F(PreparedQueryTest, NamesThatDifferInCaseAloneAreTold) {
  const std::vector<view::ViewPtr> views = {
      view(R"({"resourceType":"ViewDefinition","name":"v","status":"active","resource":"Patient",
               "select":[{"column":[{"name":"id","path":"id"},{"name":"ID","path":"gender"}]}]})")};
  auto refused = run(query("SELECT * FROM v", views, {"v"}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().message().find('{'), std::string::npos) << refused.error().message();
}

TEST_F(PreparedQueryTest, AnErrorInASharedReadingIsTheViews) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"b","name":[{"family":1}]})"
                             "\n");
  limits_.temp_dir = testing::TempDir() + "kiln-prepared-query-spill";
  const std::vector<view::ViewPtr> views = {view(kNames)};
  auto failed = run(query("SELECT * FROM n a JOIN n b USING (family)", views, {"n"}));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().position().line, 1U) << failed.error().to_string();
}

/// Both plans see one clock.
TEST_F(PreparedQueryTest, NowIsOneTime) {
  add_file("Observation.ndjson", kObservations);
  const std::vector<view::ViewPtr> views = {view(kEveryType)};
  EXPECT_EQ(rows(query("SELECT id, (now() = $t)::VARCHAR AS same FROM o WHERE ts < now()", views,
                       {"o"}, {{"t", "TIMESTAMPTZ", std::nullopt}})),
            "{\"id\":\"a\",\"same\":null}\n{\"id\":\"d\",\"same\":null}\n");
  EXPECT_EQ(conditions().substr(0, 4), "4 < ");
}

/// The plan has the constant in it, and more than once while it is written.
TEST_F(PreparedQueryTest, APlanThatCannotBeWrittenIsNoFailure) {
  limits_.memory = 200 << 20;
  EXPECT_EQ(rows(query("SELECT length(t) n FROM (SELECT repeat('x', 60000000 + $n) t)", {}, {},
                       {{"n", "INTEGER", "0"}})),
            "{\"n\":60000000}\n");
  const std::string row = rows(query("SELECT repeat('x', 60000000) t", {}, {}));
  EXPECT_EQ(row.size(), 60000000 + std::string("{\"t\":\"\"}\n").size()) << row.substr(0, 200);
}

/// As a process has it that is there for one query.
TEST_F(PreparedQueryTest, NothingOfAQueryStaysInItsDatabase) {
  add_file("Patient.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n");
  const std::vector<view::ViewPtr> views = {view(kPatients)};
  const auto instance = *open_query_instance({});
  for (const char* const text : {"SELECT id FROM p", "SELECT nothere FROM p", "SELECT id FROM p"}) {
    const QueryPtr asked = query(text, views, {"p"});
    const bool good = std::string_view(text).find("nothere") == std::string_view::npos;
    EXPECT_EQ(PreparedQuery::make(*asked, nullptr, table::Values::kText, instance).ok(), good);
    const dataset::Snapshot data = snapshot();
    const engine::Options options;
    ViewTables tables(*asked, data, options, {}, nullptr);
    const auto prepared = PreparedQuery::make(*asked, &tables, table::Values::kText, instance);
    ASSERT_EQ(prepared.ok(), good);
    if (!good) continue;
    engine::SinkLog log;
    const auto output = engine::make_text_output(table::Format::kNdjson, (*prepared)->schema(),
                                                 std::make_unique<engine::LoggedSink>(log));
    EXPECT_TRUE((*prepared)->run(*output, UINT64_MAX, {}).ok());
    EXPECT_EQ(log.bytes, "{\"id\":\"a\"}\n");
  }
}

TEST_F(PreparedQueryTest, AStopEndsIt) {
  stop_.request_stop();
  auto stopped = run(query("SELECT count(*) FROM range(100000000000)", {}, {}));
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace kiln::sql
