// The meaning of a ViewDefinition: columns and their types, and each rule's error with its place.
#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

/// One error, of this path, at the place in the text that is marked: with ^ before a place in an
/// expression, with ~ at the begin of a text that is meant as a whole, its quote included.
void expect_error(std::string text, std::string_view path, std::string_view word,
                  std::string_view suggestion = "", const CompileOptions& options = {}) {
  size_t caret = text.find_first_of("^~");
  ASSERT_NE(caret, std::string::npos) << text;
  const bool whole = text[caret] == '~';
  text.erase(caret, 1);
  if (whole) --caret;
  const Compiled compiled = compile_view(text, options);
  EXPECT_FALSE(compiled.view) << text;
  const auto errors = Compiled::describe(compiled.problems.errors);
  ASSERT_EQ(errors.size(), 1U) << text << "\n" << testing::PrintToString(errors);
  const std::string start = "1:" + std::to_string(caret + 1) + " " + std::string(path) + ":";
  EXPECT_EQ(errors[0].substr(0, start.size()), start) << text;
  EXPECT_NE(errors[0].find(word), std::string::npos) << errors[0];
  EXPECT_EQ(compiled.problems.errors[0].suggestion(), suggestion);
}

std::string column(std::string_view name, std::string_view path, std::string_view more = "") {
  return R"({"name":")" + std::string(name) + R"(","path":")" + std::string(path) + "\"" +
         std::string(more) + "}";
}

std::string select(const std::string& columns) { return R"({"column":[)" + columns + "]}"; }

/// "name TYPE fhirType" of each column.
std::vector<std::string> schema_of(const std::string& text, const CompileOptions& options = {}) {
  const Compiled compiled = compile_view(text, options);
  EXPECT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
  std::vector<std::string> columns;
  if (!compiled.view) return columns;
  for (const table::Column& one : compiled.view->schema().columns) {
    columns.push_back(one.name + " " + table::sql_name(one.type) + " " + one.fhir_type);
  }
  return columns;
}

using Columns = std::vector<std::string>;

TEST(ViewCompilerTest, ColumnsStandInOrderOwnThenSelectsThenUnion) {
  EXPECT_EQ(
      schema_of(patient_view(
          R"([{"unionAll":[{"column":[{"name":"e","path":"id"}]},{"column":[{"name":"e","path":"id"}]}],)"
          R"("select":[{"column":[{"name":"c","path":"id"}]},{"column":[{"name":"d","path":"id"}]}],)"
          R"("column":[{"name":"a","path":"id"},{"name":"b","path":"id"}]},)"
          R"({"column":[{"name":"f","path":"id"}]}])")),
      (Columns{"a VARCHAR id", "b VARCHAR id", "c VARCHAR id", "d VARCHAR id", "e VARCHAR id",
               "f VARCHAR id"}));
}

TEST(ViewCompilerTest, TypesComeFromThePath) {
  EXPECT_EQ(
      schema_of(patient_view(
          "[" +
          select(column("a", "active") + "," + column("b", "birthDate") + "," +
                 column("c", "multipleBirth.ofType(integer)") + "," + column("d", "deceased") +
                 "," + column("e", "name.count()") + "," + column("f", "photo.data.first()") + "," +
                 column("g", "meta.lastUpdated") + "," + column("h", "1.5") + "," +
                 column("i", "{}") + "," + column("j", "name.given", R"(,"collection":true)")) +
          "]")),
      (Columns{"a BOOLEAN boolean", "b VARCHAR date", "c INTEGER integer", "d VARCHAR string",
               "e INTEGER integer", "f BINARY base64Binary", "g TIMESTAMP WITH TIME ZONE instant",
               "h VARCHAR decimal", "i VARCHAR string", "j VARCHAR[] string"}));
}

TEST(ViewCompilerTest, ADeclaredTypeBeatsThePathAndATagBeatsBoth) {
  EXPECT_EQ(
      schema_of(patient_view(
          "[" +
          select(
              column("a", "multipleBirth.ofType(integer)", R"(,"type":"string")") + "," +
              column("b", "id", R"(,"type":"http://hl7.org/fhirpath/System.Integer")") + "," +
              column("c", "id", R"(,"type":"integer64")") + "," +
              column("d", "birthDate", R"(,"tag":[{"name":"ansi/type","value":"date"}])") + "," +
              column(
                  "e", "id",
                  R"json(,"type":"decimal","tag":[{"name":"ansi/type","value":"DECIMAL(9, 2)"}])json") +
              "," +
              column("f", "meta.lastUpdated",
                     R"(,"tag":[{"name":"ansi/type","value":"TIMESTAMP"}])")) +
          "]")),
      (Columns{"a VARCHAR string", "b INTEGER integer", "c BIGINT integer64", "d DATE date",
               "e DECIMAL(9,2) decimal", "f TIMESTAMP instant"}));
}

TEST(ViewCompilerTest, TypesThatAreNoneAreErrors) {
  expect_error(patient_view("[" + select(column("a", "~id", R"(,"type":"strng")")) + "]"),
               "select[0].column[0].path", "not a primitive type", "string");
}

TEST(ViewCompilerTest, ResourceMustExistInTheVersion) {
  expect_error(R"({"resource":^"Patiant","select":[{"column":[]}]})", "resource",
               "unknown type of resource in FHIR R4: 'Patiant'", "Patient");
  expect_error(R"({"resource":^"DomainResource","select":[{"column":[]}]})", "resource", "unknown");
  expect_error(R"({"resource":^"HumanName","select":[{"column":[]}]})", "resource", "unknown");
  const std::string transport = R"({"resource":^"Transport","select":[{"column":[]}]})";
  expect_error(transport, "resource", "in FHIR R4");
  std::string without_mark = transport;
  without_mark.erase(without_mark.find('^'), 1);
  EXPECT_TRUE(compile_view(without_mark, {fhir::Version::kR5}).view);
}

TEST(ViewCompilerTest, TheHighestNamedVersionIsTaken) {
  const std::string columns = "[" + select(column("a", "class.coding.code.first()")) + "]";
  const auto view = [&](std::string_view versions) {
    return R"({"resource":"Encounter","fhirVersion":)" + std::string(versions) + R"(,"select":)" +
           columns + "}";
  };
  EXPECT_FALSE(compile_view(view(R"(["4.0.1"])")).view);
  EXPECT_TRUE(compile_view(view(R"(["4.0.1","5.0.0"])")).view);
  EXPECT_TRUE(compile_view(view(R"(["5.0","4.0"])")).view);
  EXPECT_FALSE(compile_view(view(R"(["9.0"])")).view);
  // An option decides, with a warning if the view does not name it.
  const Compiled other = compile_view(view(R"(["4.0.1"])"), {fhir::Version::kR5});
  EXPECT_TRUE(other.view);
  ASSERT_EQ(other.problems.warnings.size(), 1U);
  EXPECT_EQ(other.problems.warnings[0].path(), "fhirVersion");
  EXPECT_TRUE(compile_view(view(R"(["5.0.0"])"), {fhir::Version::kR5}).problems.warnings.empty());
}

TEST(ViewCompilerTest, NamesAreUniqueInTheWholeView) {
  expect_error(patient_view("[" + select(column("a", "id") + "," + column("a", "~gender")) + "]"),
               "select[0].column[1].path", "two columns are named 'a'");
}

TEST(ViewCompilerTest, NamesAreUniqueAcrossSelectsAndUnions) {
  const auto errors = [](const std::string& text) {
    return Compiled::describe(compile_view(text).problems.errors);
  };
  const std::string a = select(column("a", "id"));
  for (const std::string& text :
       {patient_view("[" + a + "," + a + "]"),
        patient_view(R"([{"column":[)" + column("a", "id") + R"(],"select":[)" + a + "]}]"),
        patient_view(R"([{"column":[)" + column("a", "id") + R"(],"unionAll":[)" + a + "]}]"),
        patient_view(R"([{"unionAll":[)" + a + "]}," + a + "]")}) {
    const auto found = errors(text);
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_NE(found[0].find("two columns are named 'a'"), std::string::npos) << found[0];
  }
  // The branches of one union do have the same names.
  EXPECT_TRUE(errors(patient_view(R"([{"unionAll":[)" + a + "," + a + "]}]")).empty());
}

TEST(ViewCompilerTest, BranchesAgreeInNamesOrderAndTypes) {
  const auto with = [](const std::string& second) {
    return patient_view(R"([{"unionAll":[)" +
                        select(column("a", "id") + "," + column("b", "active")) + "," + second +
                        "]}]");
  };
  EXPECT_TRUE(compile_view(with(select(column("a", "gender") + "," + column("b", "active")))).view);
  expect_error(with(select(column("a", "~id"))), "select[0].unionAll[1]", "1 here, 2 in");
  expect_error(with(select(column("a", "~id") + "," + column("c", "active"))),
               "select[0].unionAll[1]", "'c' here is 'b'");
  expect_error(with(select(column("a", "~id") + "," + column("b", "id"))), "select[0].unionAll[1]",
               "'b' is VARCHAR here, BOOLEAN");
  expect_error(
      with(select(column("a", "~id", R"(,"collection":true)") + "," + column("b", "active"))),
      "select[0].unionAll[1]", "VARCHAR[] here");
  const auto swapped = Compiled::describe(
      compile_view(with(select(column("b", "active") + "," + column("a", "id")))).problems.errors);
  EXPECT_EQ(swapped.size(), 2U);
}

TEST(ViewCompilerTest, BranchesMayBeNestedAndIterate) {
  EXPECT_EQ(schema_of(patient_view(
                R"([{"unionAll":[{"forEach":"name","column":[{"name":"a","path":"family"}]},)"
                R"({"unionAll":[{"column":[{"name":"a","path":"id"}]},)"
                R"({"forEachOrNull":"telecom","column":[{"name":"a","path":"value"}]}]}]}])")),
            (Columns{"a VARCHAR string"}));
}

TEST(ViewCompilerTest, PathsPointIntoTheDocument) {
  expect_error(
      patient_view("[" + select(column("a", "name.where(use = 'x').^famly.first()")) + "]"),
      "select[0].column[0].path", "'famly' of HumanName", "family");
  expect_error(patient_view("[" + select(column("a", "name.^frist()")) + "]"),
               "select[0].column[0].path", "unknown function", "first");
  expect_error(patient_view("[" + select(column("a", "name.^(")) + "]"), "select[0].column[0].path",
               "expected");
}

TEST(ViewCompilerTest, EscapesInThePathMoveThePlace) {
  expect_error(
      patient_view("[" + select(column("a", R"(name.where(use = \u0027x\u0027).^famly)")) + "]"),
      "select[0].column[0].path", "'famly'", "family");
  expect_error(patient_view("[" + select(column("a", R"(name\t.^\"famly\")")) + "]"),
               "select[0].column[0].path", "'famly'", "family");
}

TEST(ViewCompilerTest, ErrorsInIterations) {
  const std::string column_a = "," + select(column("a", "id")).substr(1);
  expect_error(patient_view(R"([{"forEach":"^nme")" + column_a + "]"), "select[0].forEach", "'nme'",
               "name");
  expect_error(patient_view(R"([{"forEachOrNull":"name.^nme")" + column_a + "]"),
               "select[0].forEachOrNull", "'nme'");
  expect_error(patient_view(R"([{"repeat":["contact","1 +^"])" + column_a + "]"),
               "select[0].repeat[1]", "ends");
  // The focus is that of the iteration.
  expect_error(patient_view(R"([{"forEach":"name","column":[)" + column("a", "^birthDate") + "]}]"),
               "select[0].column[0].path", "'birthDate' of HumanName");
}

TEST(ViewCompilerTest, WhereMustBeBoolean) {
  const auto with = [](std::string_view where) {
    return patient_view("[" + select(column("a", "id")) + "]",
                        R"("where":[{"path":")" + std::string(where) + "\"}],");
  };
  EXPECT_TRUE(compile_view(with("active")).view);
  EXPECT_TRUE(compile_view(with("name.exists() and active")).view);
  EXPECT_TRUE(compile_view(with("extension('x').value.ofType(boolean)")).view);
  const auto errors = Compiled::describe(compile_view(with("name.family")).problems.errors);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("where[0].path: a where must be true or false, this is string"),
            std::string::npos)
      << errors[0];
  expect_error(with("^actve"), "where[0].path", "'actve'", "active");
}

TEST(ViewCompilerTest, AColumnHoldsPrimitives) {
  for (const std::string path : {"name", "name.first()", "contact", "5 'mg'"}) {
    const auto errors = Compiled::describe(
        compile_view(patient_view("[" + select(column("a", path)) + "]")).problems.errors);
    ASSERT_EQ(errors.size(), 1U) << path;
    EXPECT_NE(errors[0].find("a column holds a primitive value"), std::string::npos) << errors[0];
  }
}

TEST(ViewCompilerTest, ConstantsOfAllTypesCanBeCompared) {
  const std::pair<std::string_view, std::string_view> constants[] = {
      {"Base64Binary", R"("YQ==")"},
      {"Boolean", "true"},
      {"Canonical", R"("http://c|1")"},
      {"Code", R"("x")"},
      {"Date", R"("2024-02-29")"},
      {"DateTime", R"("2024-02-29T10:00:00Z")"},
      {"Decimal", "1.50"},
      {"Id", R"("i")"},
      {"Instant", R"("2024-02-29T10:00:00.000Z")"},
      {"Integer", "-3"},
      {"Integer64", R"("9007199254740993")"},
      {"Oid", R"("urn:oid:1.2")"},
      {"PositiveInt", "3"},
      {"String", R"("s")"},
      {"Time", R"("10:30:00")"},
      {"UnsignedInt", "0"},
      {"Uri", R"("http://u")"},
      {"Url", R"("http://u")"},
      {"Uuid", R"("urn:uuid:1")"}};
  EXPECT_EQ(std::size(constants), 19U);
  for (const auto& [type, value] : constants) {
    const Compiled compiled =
        compile_view(patient_view("[" + select(column("a", "%c")) + "]",
                                  R"("constant":[{"name":"c","value)" + std::string(type) +
                                      "\":" + std::string(value) + "}],"));
    ASSERT_TRUE(compiled.view) << type
                               << testing::PrintToString(
                                      Compiled::describe(compiled.problems.errors));
    const std::string text(value.front() == '"' ? value.substr(1, value.size() - 2) : value);
    const std::string rows = rows_of(*compiled.view, {R"({"resourceType":"Patient"})"});
    EXPECT_NE(rows.find(text), std::string::npos) << type << " gave " << rows;
  }
}

TEST(ViewCompilerTest, ConstantsMustBeKnownAndWellFormed) {
  const std::string constant = R"("constant":[{"name":"day","valueDate":"2024-02-31"}],)";
  expect_error(patient_view("[" + select(column("a", "^%day")) + "]", constant),
               "select[0].column[0].path", "not a Date: 2024-02-31");
}

TEST(ViewCompilerTest, HintsNameColumnsThatMayGetSeveralValues) {
  const Compiled compiled = compile_view(
      patient_view("[" +
                   select(column("a", "name.given") + "," + column("b", "name.given.first()") +
                          "," + column("c", "name.given", R"(,"collection":true)")) +
                   "]"));
  ASSERT_TRUE(compiled.view);
  ASSERT_EQ(compiled.problems.hints.size(), 1U);
  EXPECT_EQ(compiled.problems.hints[0].path(), "select[0].column[0].path");
  EXPECT_NE(compiled.problems.hints[0].message().find("'a'"), std::string::npos);
}

TEST(ViewCompilerTest, RepeatFollowsTheTypesOfWhatItFinds) {
  // answer.item leads from item to items again; value is of those alone.
  const Compiled compiled = compile_view(
      R"({"resource":"QuestionnaireResponse","select":[{"repeat":["item","answer.item"],)"
      R"json("column":[{"name":"id","path":"linkId"},{"name":"n","path":"answer.value.ofType(integer).first()"}]}]})json");
  ASSERT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
  EXPECT_EQ(compiled.view->schema().columns[1].type.sql, table::SqlType::kInteger);
  const auto errors = Compiled::describe(
      compile_view(R"({"resource":"QuestionnaireResponse","select":[{"repeat":["item"],)"
                   R"("column":[{"name":"id","path":"linkd"}]}]})")
          .problems.errors);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("'linkd' of QuestionnaireResponse.item"), std::string::npos)
      << errors[0];
}

TEST(ViewCompilerTest, AViewWithoutANameIsNamedAfterItsId) {
  const Compiled compiled =
      compile_view(R"({"id":"the-id","resource":"Patient","select":[{"column":[]}]})");
  ASSERT_TRUE(compiled.view);
  EXPECT_EQ(compiled.view->name(), "the-id");
}

TEST(ViewCompilerTest, PathsOfAnyLengthGiveTheSame) {
  // Followed without the evaluator up to 12 steps, in one walk up to 60, in several beyond.
  std::string line = R"({"resourceType":"Patient","id":"p")";
  std::string end = "}";
  for (size_t i = 1; i <= 121; ++i) {
    line += R"(,"extension":[{"url":"u)" + std::to_string(i) + "\"";
    end = "}]" + end;
  }
  line += end;
  for (const size_t steps : {1U, 11U, 12U, 13U, 59U, 60U, 61U, 62U, 120U, 121U, 122U}) {
    std::string path;
    for (size_t i = 1; i < steps; ++i) path += "extension.";
    const std::string text = path + (steps == 1 ? "id" : "url");
    const std::string value = steps == 1 ? "p" : "u" + std::to_string(steps - 1);
    const std::string iterated = steps == 1 ? "["
                                            : R"([{"forEach":")" + path.substr(0, path.size() - 1) +
                                                  R"(","column":[)" + column("c", "url") + "]},";
    const Compiled compiled =
        compile_view(patient_view(iterated + select(column("b", text)) + "]"));
    ASSERT_TRUE(compiled.view) << testing::PrintToString(
        Compiled::describe(compiled.problems.errors));
    const std::string row = rows_of(*compiled.view, {line});
    EXPECT_NE(row.find("\"b\":\"" + value + "\""), std::string::npos) << steps << ": " << row;
    if (steps == 1) continue;
    EXPECT_NE(row.find("\"c\":\"" + value + "\""), std::string::npos) << steps << ": " << row;
  }
}

TEST(ViewCompilerTest, CompilingHasABudget) {
  std::string path = "extension";
  for (int i = 0; i < 6; ++i) path += ".value.extension";
  for (const std::string& selects :
       {select(column("a", path + ".url.first()")),
        R"({"forEach":")" + path + R"(","column":[)" + column("a", "url") + "]}",
        R"({"repeat":[")" + path + R"("],"column":[)" + column("a", "url") + "]}"}) {
    // The second one is refused as the first was, and says nothing more.
    const Compiled compiled =
        compile_view(patient_view("[" + selects + "," + select(column("b", "id")) + "]"));
    EXPECT_FALSE(compiled.view);
    ASSERT_EQ(compiled.problems.errors.size(), 1U)
        << testing::PrintToString(Compiled::describe(compiled.problems.errors));
    const base::Error& error = compiled.problems.errors[0];
    EXPECT_EQ(error.code(), base::ErrorCode::kLimit) << error.message();
    EXPECT_EQ(error.path().substr(0, 9), "select[0]");
    EXPECT_GT(error.position().column, 1U);
  }
}

TEST(ViewCompilerTest, RepeatsInRepeatsCompile) {
  std::string path = "extension";
  for (int i = 0; i < 40; ++i) path = "repeat(" + path + ")";
  std::string selects = select(column("a", path + ".url.first()"));
  for (int i = 0; i < 40; ++i) {
    selects = R"({"repeat":["extension","modifierExtension"],"select":[)" + selects + "]}";
  }
  const Compiled compiled =
      compile_view(patient_view(R"([{"repeat":[")" + path + R"("],"column":[)" +
                                column("b", path + ".url.first()") + "]}," + selects + "]"));
  EXPECT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
}

TEST(ViewCompilerTest, AStopEndsCompiling) {
  std::stop_source source;
  source.request_stop();
  CompileOptions options;
  options.stop = source.get_token();
  const Compiled compiled =
      compile_view(patient_view("[" + select(column("a", "id")) + "]"), options);
  EXPECT_FALSE(compiled.view);
  ASSERT_EQ(compiled.problems.errors.size(), 1U);
  EXPECT_EQ(compiled.problems.errors[0].code(), base::ErrorCode::kCancelled);
}

TEST(ViewCompilerTest, HintsAreNotWithoutEnd) {
  std::string columns = column("c0", "name.given");
  for (int i = 1; i < 300; ++i) columns += "," + column("c" + std::to_string(i), "name.given");
  const Compiled compiled = compile_view(patient_view("[" + select(columns) + "]"));
  EXPECT_TRUE(compiled.view);
  EXPECT_EQ(compiled.problems.hints.size(), Problems::kMost);
}

}  // namespace
}  // namespace kiln::view
