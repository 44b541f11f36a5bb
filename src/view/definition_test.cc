// The form of a ViewDefinition: each rule with the place that its error names.
#include "view/definition.h"

#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

/// Errors of form, as "line:column path: message".
std::vector<std::string> errors_of(const std::string& text) {
  return Compiled::describe(compile_view(text).problems.errors);
}

/// One error, of this path, at the place in the text that is marked with a caret.
void expect_error(std::string text, std::string_view path, std::string_view word) {
  const size_t caret = text.find('^');
  ASSERT_NE(caret, std::string::npos) << text;
  text.erase(caret, 1);
  const auto errors = errors_of(text);
  ASSERT_EQ(errors.size(), 1U) << text << "\n" << testing::PrintToString(errors);
  const std::string start = "1:" + std::to_string(caret + 1) + " " + std::string(path) + ":";
  EXPECT_EQ(errors[0].substr(0, start.size()), start) << text;
  EXPECT_NE(errors[0].find(word), std::string::npos) << errors[0];
}

ViewDefinition read(const std::string& text, Problems& problems) {
  const auto document = json::Document::parse(text, "view.json");
  EXPECT_TRUE(document.ok());
  return read_view(*document, (*document)->root(), problems);
}

TEST(DefinitionTest, ReadsAllThatAViewSays) {
  Problems problems;
  const ViewDefinition view = read(R"json({
    "resourceType": "ViewDefinition", "id": "i", "url": "http://u", "version": "1", "name": "n",
    "status": "active", "resource": "Patient", "fhirVersion": ["4.0.1", "5.0.0"],
    "identifier": {"value": "x"}, "meta": {}, "contact": [],
    "constant": [{"name": "c", "valueCode": "x"}],
    "where": [{"path": "active", "description": "d"}],
    "select": [{
      "column": [{"name": "a", "path": "id", "type": "id", "collection": true,
                  "description": "the id", "tag": [{"name": "other", "value": "?"},
                                                   {"name": "ansi/type", "value": "CHAR(3)"}]}],
      "forEach": "name",
      "select": [{"forEachOrNull": "given", "column": []}],
      "unionAll": [{"repeat": ["item", "answer.item"], "column": []}]
    }]})json",
                                   problems);
  ASSERT_TRUE(problems.ok()) << testing::PrintToString(Compiled::describe(problems.errors));
  EXPECT_TRUE(problems.warnings.empty()) << problems.warnings[0].message();
  EXPECT_EQ(view.id, "i");
  EXPECT_EQ(view.url, "http://u");
  EXPECT_EQ(view.version, "1");
  EXPECT_EQ(view.name, "n");
  EXPECT_EQ(view.status, "active");
  EXPECT_EQ(view.resource, "Patient");
  EXPECT_EQ(view.fhir_versions, (std::vector<std::string>{"4.0.1", "5.0.0"}));
  ASSERT_EQ(view.constants.size(), 1U);
  EXPECT_EQ(view.constants[0].type, "code");
  ASSERT_EQ(view.where.size(), 1U);
  EXPECT_EQ(view.where[0].path, "where[0].path");
  ASSERT_EQ(view.selects.size(), 1U);
  const SelectDefinition& select = view.selects[0];
  EXPECT_EQ(select.for_each.text, "name");
  EXPECT_EQ(select.for_each.path, "select[0].forEach");
  ASSERT_EQ(select.columns.size(), 1U);
  EXPECT_EQ(select.columns[0].ansi_type, "CHAR(3)");
  EXPECT_EQ(select.columns[0].description, "the id");
  EXPECT_TRUE(select.columns[0].collection);
  EXPECT_EQ(select.columns[0].path.path, "select[0].column[0].path");
  EXPECT_EQ(select.selects[0].for_each_or_null.path, "select[0].select[0].forEachOrNull");
  ASSERT_EQ(select.unions[0].repeat.size(), 2U);
  EXPECT_EQ(select.unions[0].repeat[1].path, "select[0].unionAll[0].repeat[1]");
}

TEST(DefinitionTest, ANameHasABound) {
  const auto with_name = [](const std::string& name) {
    return patient_view(R"([{"column":[{"name":)" + name + R"(,"path":"id"}]}])");
  };
  EXPECT_TRUE(compile_view(with_name('"' + std::string(255, 'a') + '"')).view);
  expect_error(with_name("^\"" + std::string(256, 'a') + '"'), "select[0].column[0].name",
               "255 at most");
}

/// Each costs a search for its line.
TEST(DefinitionTest, ProblemsAreNotWithoutEnd) {
  std::string selects = "[1";
  for (int i = 0; i < 1000; ++i) selects += ",1";
  const auto document = json::Document::parse(patient_view(selects + "]"), "x");
  Problems problems;
  read_view(*document, (*document)->root(), problems);
  EXPECT_EQ(problems.errors.size(), Problems::kMost);
}

TEST(DefinitionTest, IsKnownByItsResourceType) {
  for (const std::string type :
       {"ViewDefinition", "http://hl7.org/fhir/uv/sql-on-fhir/StructureDefinition/ViewDefinition",
        "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition"}) {
    const auto document = json::Document::parse(R"({"resourceType":")" + type + "\"}", "x");
    EXPECT_TRUE(is_view((*document)->root())) << type;
  }
  EXPECT_FALSE(is_view((*json::Document::parse(R"({"resourceType":"Patient"})", "x"))->root()));
  EXPECT_FALSE(is_view((*json::Document::parse("[]", "x"))->root()));
}

TEST(DefinitionTest, IdentifierMayBeAnObjectOrAnArray) {
  for (const std::string identifier : {R"({"value":"x"})", R"([{"value":"x"}])"}) {
    EXPECT_TRUE(compile_view(patient_view(R"([{"column":[{"name":"a","path":"id"}]}])",
                                          R"("identifier":)" + identifier + ","))
                    .view);
  }
}

TEST(DefinitionTest, MustBeAnObjectOverAResourceWithSelects) {
  expect_error("^[]", "", "JSON object");
  expect_error(R"(^{"select":[{"column":[{"name":"a","path":"id"}]}]})", "resource",
               "type of resource");
  expect_error(R"(^{"resource":"Patient"})", "select", "at least one select");
  expect_error(R"(^{"resource":"Patient","select":[]})", "select", "at least one select");
  expect_error(R"({"resource":"Patient","select":^{}})", "select", "JSON array");
  expect_error(R"({"resource":^7,"select":[{"column":[]}]})", "resource", "in quotes");
}

TEST(DefinitionTest, SelectsMustBeOfUse) {
  expect_error(patient_view("[^{}]"), "select[0]", "needs a column");
  expect_error(patient_view("[^7]"), "select[0]", "JSON object");
  expect_error(patient_view(R"([{"select":[^{"forEach":"name"}]}])"), "select[0].select[0]",
               "needs a column");
}

TEST(DefinitionTest, OneIterationForASelect) {
  const std::string column = R"(,"column":[{"name":"a","path":"id"}]}])";
  for (const std::string pair :
       {R"("forEach":"name","forEachOrNull":"name")", R"("forEach":"name","repeat":["name"])",
        R"("forEachOrNull":"name","repeat":["name"])"}) {
    expect_error(patient_view("[^{" + pair + column), "select[0]", "only one of");
  }
  expect_error(patient_view(R"([{"repeat":^[])" + column), "select[0].repeat", "at least one path");
  expect_error(patient_view(R"([{"repeat":[^1])" + column), "select[0].repeat[0]", "in quotes");
  expect_error(patient_view(R"([{"repeat":^"item")" + column), "select[0].repeat", "JSON array");
  expect_error(patient_view(R"([{"forEach":^true)" + column), "select[0].forEach", "in quotes");
}

TEST(DefinitionTest, ColumnsNeedANameAndAPath) {
  const auto with = [](const std::string& column) {
    return patient_view(R"([{"column":[)" + column + "]}]");
  };
  expect_error(with(R"(^{"path":"id"})"), "select[0].column[0].name", "missing: the column's name");
  expect_error(with(R"(^{"name":"a"})"), "select[0].column[0].path", "missing");
  expect_error(with(R"({"name":"a","path":^7})"), "select[0].column[0].path", "in quotes");
  expect_error(with(R"({"name":"a","path":"id","collection":^"yes"})"),
               "select[0].column[0].collection", "true or false");
  expect_error(with("^null"), "select[0].column[0]", "JSON object");
}

TEST(DefinitionTest, NamesAreWords) {
  for (const std::string name : {"1a", "_a", "a-b", "a b", "ä", "a.b", "a;drop"}) {
    expect_error(patient_view(R"([{"column":[{"name":^")" + name + R"(","path":"id"}]}])"),
                 "select[0].column[0].name", "not a name");
  }
  for (const std::string name : {"a", "A_1", "camelCase", "select"}) {
    EXPECT_TRUE(
        compile_view(patient_view(R"([{"column":[{"name":")" + name + R"(","path":"id"}]}])")).view)
        << name;
  }
  expect_error(R"({"name":^"my view","resource":"Patient","select":[{"column":[]}]})", "name",
               "not a name");
}

TEST(DefinitionTest, ConstantsHaveOneValueOfAPrimitiveType) {
  const auto with = [](const std::string& constant) {
    return patient_view(R"([{"column":[{"name":"a","path":"id"}]}])",
                        R"("constant":[)" + constant + "],");
  };
  expect_error(with(R"(^{"name":"c"})"), "constant[0]", "missing: the constant's value");
  expect_error(with(R"(^{"valueString":"x"})"), "constant[0].name", "missing: the constant's name");
  expect_error(with(R"({"name":"c","valueString":"x","valueCode":^"y"})"), "constant[0].valueCode",
               "second one");
  expect_error(with(R"({"name":"c","valueQuantity":^{"value":1}})"), "constant[0].valueQuantity",
               "cannot be of this type");
  expect_error(with(R"({"name":"c","valueString":^["x"]})"), "constant[0].valueString",
               "primitive");
  expect_error(with(R"({"name":^"a b","valueString":"x"})"), "constant[0].name", "not a name");
  expect_error(with(R"({"name":"c","valueString":"x"},{"name":^"c","valueString":"y"})"),
               "constant[1].name", "two constants are named 'c'");
}

TEST(DefinitionTest, AllErrorsAreFound) {
  const auto errors = errors_of(R"({"resource":"Patient",
    "select":[{"column":[{"name":"1","path":"id"},{"path":"id"}]},
              {"forEach":"x","repeat":["y"],"column":[]}],
    "where":[{}]})");
  ASSERT_EQ(errors.size(), 4U) << testing::PrintToString(errors);
  EXPECT_NE(errors[0].find("2:34 select[0].column[0].name"), std::string::npos) << errors[0];
  EXPECT_NE(errors[1].find("select[0].column[1].name"), std::string::npos) << errors[1];
  EXPECT_NE(errors[2].find("3:15 select[1]:"), std::string::npos) << errors[2];
  EXPECT_NE(errors[3].find("4:14 where[0].path"), std::string::npos) << errors[3];
}

TEST(DefinitionTest, UnknownElementsAreWarningsWithANearName) {
  const Compiled compiled = compile_view(R"({"resource":"Patient","selct":[],"x-own":1,
    "select":[{"colum":[],"column":[{"name":"a","path":"id","colection":true}]}]})");
  EXPECT_TRUE(compiled.view);
  const auto& warnings = compiled.problems.warnings;
  ASSERT_EQ(warnings.size(), 4U);
  EXPECT_EQ(warnings[0].path(), "selct");
  EXPECT_EQ(warnings[0].suggestion(), "select");
  EXPECT_EQ(warnings[1].suggestion(), "");
  EXPECT_EQ(warnings[2].path(), "select[0].colum");
  EXPECT_EQ(warnings[2].suggestion(), "column");
  EXPECT_EQ(warnings[3].path(), "select[0].column[0].colection");
  EXPECT_EQ(warnings[3].suggestion(), "collection");
}

TEST(DefinitionTest, ExtensionsAndCommentsOfPrimitivesAreNoWarnings) {
  const Compiled compiled = compile_view(patient_view(
      R"([{"id":"s","column":[{"name":"a","_name":{"id":"x"},"path":"id","extension":[]}]}])",
      R"("_status":{"extension":[]},"extension":[],)"));
  EXPECT_TRUE(compiled.view);
  EXPECT_TRUE(compiled.problems.warnings.empty());
}

TEST(DefinitionTest, DepthOfSelectsIsBounded) {
  static constexpr int kDeepest = 50;  // below the first
  std::string selects = R"({"column":[{"name":"a","path":"id"}]})";
  for (int depth = 1; depth <= kDeepest; ++depth) {
    selects = R"({"select":[)" + selects + "]}";
    if (depth < kDeepest - 1) continue;
    EXPECT_TRUE(compile_view(patient_view("[" + selects + "]")).view) << depth;
  }
  const auto errors = errors_of(patient_view(R"([{"select":[)" + selects + "]}]"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace kiln::view
