// Rows out of resources: iteration, products, nulls, and the errors of data.
#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

std::string rows(const std::string& selects, const std::vector<std::string>& lines,
                 std::string_view more = "", RowOptions options = {}) {
  const Compiled compiled = compile_view(patient_view(selects, more));
  EXPECT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
  return compiled.view ? rows_of(*compiled.view, lines, options) : "";
}

std::string patient(std::string_view members) {
  return R"({"resourceType":"Patient",)" + std::string(members) + "}";
}

const std::string kTwoNames = patient(
    R"("id":"p","name":[{"family":"F","given":["A","B"]},{"family":"G"}],"telecom":[{"value":"1"},{"value":"2"}])");

TEST(RowsTest, ColumnsAloneAreOneRow) {
  EXPECT_EQ(rows(R"([{"column":[{"name":"id","path":"id"},{"name":"a","path":"active"}]}])",
                 {patient(R"("id":"1","active":true)"), patient(R"("active":false)")}),
            "{\"id\":\"1\",\"a\":true}\n{\"id\":null,\"a\":false}\n");
}

TEST(RowsTest, ForEachHasARowForEachItemAndNoneForNothing) {
  const std::string selects =
      R"([{"column":[{"name":"id","path":"id"}]},{"forEach":"name","column":[{"name":"f","path":"family"}]}])";
  EXPECT_EQ(rows(selects, {kTwoNames, patient(R"("id":"q")")}),
            "{\"id\":\"p\",\"f\":\"F\"}\n{\"id\":\"p\",\"f\":\"G\"}\n");
}

TEST(RowsTest, ForEachOrNullHasARowOfNullsForNothing) {
  const std::string selects =
      R"([{"column":[{"name":"id","path":"id"}]},)"
      R"({"forEachOrNull":"name","column":[{"name":"f","path":"family"},{"name":"i","path":"%rowIndex"},{"name":"c","path":"'x'"}]}])";
  EXPECT_EQ(rows(selects, {patient(R"("id":"q")")}),
            "{\"id\":\"q\",\"f\":null,\"i\":0,\"c\":null}\n");
}

TEST(RowsTest, SiblingsAreCrossJoinedTheLastVaryingFastest) {
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"f","path":"family"}]},)"
                 R"({"forEach":"telecom","column":[{"name":"t","path":"value"}]}])",
                 {kTwoNames}),
            "{\"f\":\"F\",\"t\":\"1\"}\n{\"f\":\"F\",\"t\":\"2\"}\n"
            "{\"f\":\"G\",\"t\":\"1\"}\n{\"f\":\"G\",\"t\":\"2\"}\n");
}

TEST(RowsTest, AParentsColumnsRepeatOverItsChildren) {
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"f","path":"family"}],)"
                 R"("select":[{"forEach":"given","column":[{"name":"g","path":"$this"}]}]}])",
                 {kTwoNames}),
            "{\"f\":\"F\",\"g\":\"A\"}\n{\"f\":\"F\",\"g\":\"B\"}\n");
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"f","path":"family"}],)"
                 R"("select":[{"forEachOrNull":"given","column":[{"name":"g","path":"$this"}]}]}])",
                 {kTwoNames}),
            "{\"f\":\"F\",\"g\":\"A\"}\n{\"f\":\"F\",\"g\":\"B\"}\n{\"f\":\"G\",\"g\":null}\n");
}

TEST(RowsTest, UnionPutsTheBranchesOneAfterTheOther) {
  EXPECT_EQ(rows(R"([{"column":[{"name":"id","path":"id"}],"unionAll":[)"
                 R"({"forEach":"telecom","column":[{"name":"v","path":"value"}]},)"
                 R"({"forEach":"photo","column":[{"name":"v","path":"title"}]},)"
                 R"({"forEach":"name","column":[{"name":"v","path":"family"}]}]}])",
                 {kTwoNames}),
            "{\"id\":\"p\",\"v\":\"1\"}\n{\"id\":\"p\",\"v\":\"2\"}\n"
            "{\"id\":\"p\",\"v\":\"F\"}\n{\"id\":\"p\",\"v\":\"G\"}\n");
}

TEST(RowsTest, RowIndexIsOfTheNearestIteration) {
  EXPECT_EQ(
      rows(R"([{"column":[{"name":"top","path":"%rowIndex"}]},)"
           R"({"forEach":"name","column":[{"name":"n","path":"%rowIndex"}],)"
           R"("select":[{"forEachOrNull":"given","column":[{"name":"g","path":"%rowIndex"}]}],)"
           R"("unionAll":[{"column":[{"name":"u","path":"%rowIndex + 10"}]}]}])",
           {kTwoNames}),
      "{\"top\":0,\"n\":0,\"g\":0,\"u\":10}\n{\"top\":0,\"n\":0,\"g\":1,\"u\":10}\n"
      "{\"top\":0,\"n\":1,\"g\":0,\"u\":11}\n");
}

TEST(RowsTest, RowIndexInAnIterationsPathIsThatOfTheRowAround) {
  const std::string line = patient(
      R"("telecom":[{"value":"t"}],"name":[{"family":"F","given":["A","B"]},{"family":"G","given":["C","D"]}])");
  // Beside another iteration, which has an index of its own.
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"f","path":"family"}],"select":[)"
                 R"({"forEach":"given","column":[{"name":"g","path":"$this"}]},)"
                 R"({"forEach":"given[%rowIndex]","column":[{"name":"i","path":"$this"}]}]}])",
                 {line}),
            "{\"f\":\"F\",\"g\":\"A\",\"i\":\"A\"}\n{\"f\":\"F\",\"g\":\"B\",\"i\":\"A\"}\n"
            "{\"f\":\"G\",\"g\":\"C\",\"i\":\"D\"}\n{\"f\":\"G\",\"g\":\"D\",\"i\":\"D\"}\n");
  // In a unionAll, in a repeat, and at the top after another select.
  EXPECT_EQ(
      rows(R"([{"forEach":"name","unionAll":[)"
           R"({"forEach":"given","column":[{"name":"v","path":"$this"}]},)"
           R"({"forEachOrNull":"given[%rowIndex]","column":[{"name":"v","path":"$this"}]}]}])",
           {line}),
      "{\"v\":\"A\"}\n{\"v\":\"B\"}\n{\"v\":\"A\"}\n{\"v\":\"C\"}\n{\"v\":\"D\"}\n{\"v\":\"D\"}\n");
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"i","path":"%rowIndex"}],"select":[)"
                 R"({"forEach":"given","column":[{"name":"g","path":"$this"}]},)"
                 R"({"repeat":["given[%rowIndex]"],"column":[{"name":"r","path":"$this"}]}]}])",
                 {line}),
            "{\"i\":0,\"g\":\"A\",\"r\":\"A\"}\n{\"i\":0,\"g\":\"B\",\"r\":\"A\"}\n"
            "{\"i\":1,\"g\":\"C\",\"r\":\"D\"}\n{\"i\":1,\"g\":\"D\",\"r\":\"D\"}\n");
  EXPECT_EQ(rows(R"([{"forEach":"name","column":[{"name":"f","path":"family"}]},)"
                 R"({"forEach":"telecom[%rowIndex]","column":[{"name":"t","path":"value"}]}])",
                 {line}),
            "{\"f\":\"F\",\"t\":\"t\"}\n{\"f\":\"G\",\"t\":\"t\"}\n");
}

TEST(RowsTest, RepeatIsDepthFirstWithoutItsRoot) {
  const Compiled compiled = compile_view(
      R"({"resource":"Questionnaire","select":[{"repeat":["item"],)"
      R"("column":[{"name":"id","path":"linkId"},{"name":"i","path":"%rowIndex"}]}]})");
  ASSERT_TRUE(compiled.view);
  EXPECT_EQ(
      rows_of(
          *compiled.view,
          {R"({"resourceType":"Questionnaire","item":[{"linkId":"1","item":[)"
           R"({"linkId":"1.1","item":[{"linkId":"1.1.1"}]},{"linkId":"1.2"}]},{"linkId":"2"}]})",
           R"({"resourceType":"Questionnaire"})"}),
      "{\"id\":\"1\",\"i\":0}\n{\"id\":\"1.1\",\"i\":1}\n{\"id\":\"1.1.1\",\"i\":2}\n"
      "{\"id\":\"1.2\",\"i\":3}\n{\"id\":\"2\",\"i\":4}\n");
}

TEST(RowsTest, EndlessRepeatAndHugeProductsAreErrors) {
  const std::string endless =
      rows(R"([{"repeat":["$this"],"column":[{"name":"id","path":"id"}]}])", {kTwoNames});
  EXPECT_EQ(endless, "error: repeat: nested too deeply");
  std::string telecom;
  for (int i = 0; i < 3000; ++i) telecom += std::string(i == 0 ? "" : ",") + R"({"value":"x"})";
  std::string selects = "[";
  for (int i = 0; i < 3; ++i) {
    selects += std::string(i == 0 ? "" : ",") + R"({"forEach":"telecom","column":[{"name":"c)" +
               std::to_string(i) + R"(","path":"value"}]})";
  }
  const std::string product = rows(selects + "]", {patient(R"("telecom":[)" + telecom + "]")});
  EXPECT_EQ(product.substr(0, 7), "error: ") << product.substr(0, 100);
  EXPECT_NE(product.find("too many steps"), std::string::npos) << product.substr(0, 100);
}

TEST(RowsTest, WhereKeepsASingleTrue) {
  const std::string selects = R"([{"column":[{"name":"id","path":"id"}]}])";
  const std::vector<std::string> lines = {
      patient(R"("id":"yes","active":true)"), patient(R"("id":"no","active":false)"),
      patient(R"("id":"none")"), patient(R"("id":"bare","_active":{"id":"x"})")};
  EXPECT_EQ(rows(selects, lines, R"("where":[{"path":"active"}],)"), "{\"id\":\"yes\"}\n");
  EXPECT_EQ(rows(selects, lines,
                 R"json("where":[{"path":"active.exists()"},{"path":"id != 'yes'"}],)json"),
            "{\"id\":\"no\"}\n{\"id\":\"bare\"}\n");
  EXPECT_EQ(
      rows(selects,
           {patient(
               R"("extension":[{"url":"a","valueBoolean":true},{"url":"a","valueBoolean":true}])")},
           R"json("where":[{"path":"extension('a').value.ofType(boolean)"}],)json"),
      "error: where: expected true or false from 'extension('a').value.ofType(boolean)'");
}

TEST(RowsTest, SeveralValuesAreAnErrorThatNamesTheColumn) {
  const std::string selects = R"([{"column":[{"name":"given","path":"name.given"}]}])";
  EXPECT_EQ(rows(selects, {patient(R"("name":[{"given":["A"]}])")}), "{\"given\":\"A\"}\n");
  EXPECT_EQ(rows(selects, {kTwoNames}),
            "error: column 'given': 2 values where one is expected (use first(), or collection: "
            "true)");
}

TEST(RowsTest, CollectionsAreListsWithoutNulls) {
  const std::string selects =
      R"([{"column":[{"name":"g","path":"name.given","collection":true}]}])";
  EXPECT_EQ(rows(selects, {kTwoNames, patient(R"("id":"q")"),
                           patient(R"("name":[{"given":["A",null],"_given":[null,{"id":"x"}]}])")}),
            "{\"g\":[\"A\",\"B\"]}\n{\"g\":[]}\n{\"g\":[\"A\"]}\n");
}

TEST(RowsTest, ARowThatFailsAddsNothingToTheBatch) {
  const Compiled compiled =
      compile_view(patient_view(R"([{"forEach":"name","column":[{"name":"g","path":"given"}]}])"));
  ASSERT_TRUE(compiled.view);
  const json::Shape shape(compiled.view->demand(), nullptr);
  json::LineParser parser(shape);
  RowEvaluation evaluation(*compiled.view, {}, {});
  table::Batch batch(compiled.view->schema());
  const auto append = [&](const std::string& text) {
    const std::string line = text + '\n' + std::string(json::kPadding, '\0');
    EXPECT_EQ(parser.parse("Patient", line.data()).kind, json::LineResult::Kind::kResource);
    return evaluation.append_rows(parser.tape(), batch).ok();
  };
  EXPECT_TRUE(append(patient(R"("name":[{"given":["A"]}])")));
  EXPECT_FALSE(append(patient(R"("name":[{"given":["B"]},{"given":["C","D"]}])")));
  EXPECT_EQ(batch.rows(), 1U);
  EXPECT_EQ(batch.column(0).size(), 1U);
  EXPECT_TRUE(append(patient(R"("name":[{"given":["E"]}])")));
  EXPECT_EQ(batch.rows(), 2U);
}

TEST(RowsTest, ValuesKeepTheirText) {
  EXPECT_EQ(
      rows(
          R"json([{"column":[{"name":"d","path":"multipleBirth.ofType(integer)"},)json"
          R"json({"name":"x","path":"extension('e').value.ofType(decimal)"},)json"
          R"json({"name":"s","path":"name.family.first()"}]}])json",
          {patient(
              R"("multipleBirthInteger":2,"extension":[{"url":"e","valueDecimal":1.50}],"name":[{"family":"a\"\\\u00e4\n"}])")}),
      "{\"d\":2,\"x\":1.50,\"s\":\"a\\\"\\\\ä\\n\"}\n");
}

/// exists() needs the first item of a list, but what takes one item has to see that there are more.
TEST(RowsTest, FunctionsOfOneItemSeeAllThatThereAre) {
  const std::string two = patient(R"("name":[{"given":["A","B"]}])");
  const auto of = [&](const std::string& path) {
    return rows(R"([{"column":[{"name":"x","path":")" + path + R"("}]}])", {two});
  };
  EXPECT_EQ(of("name.given.exists()"), "{\"x\":true}\n");
  EXPECT_EQ(of("name.given.empty()"), "{\"x\":false}\n");
  EXPECT_EQ(of("name.given.hasValue()"), "{\"x\":false}\n");
  EXPECT_EQ(of("name.given.is(string)"), "error: column 'x': is: expected a single item, got 2");
}

TEST(RowsTest, TheFirstOfTwoEqualKeysCounts) {
  EXPECT_EQ(rows(R"([{"column":[{"name":"id","path":"id"}]}])",
                 {patient(R"("id":"first","id":"second")")}),
            "{\"id\":\"first\"}\n");
}

}  // namespace
}  // namespace kiln::view
