#include "plan/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "plan/testing/library_text.h"

namespace kiln::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LibraryPtr read(const std::string& text, Origin origin = Origin::kPublished) {
  const auto document = json::Document::parse(text, "q.json");
  EXPECT_TRUE(document.ok()) << document.error().to_string();
  return read_library(*document, (*document)->root(), origin);
}

/// The paths of all errors.
std::vector<std::string> paths(const Library& library) {
  std::vector<std::string> all;
  for (const base::Error& error : library.problems.errors) all.push_back(error.path());
  return all;
}

std::string with_content(const std::string& content) {
  return R"({"resourceType":"Library","content":)" + content + "}";
}

std::string attachment(const std::string& type, const std::string& sql) {
  return R"({"contentType":")" + type + R"(","data":")" + base::base64_encode(sql) + "\"}";
}

/// The SQL that is chosen of a content; the path of the first error if none is.
std::string chosen(const std::string& content) {
  const LibraryPtr library = read(with_content(content), Origin::kGiven);
  return library->ok() ? library->statement->text() : "error " + paths(*library).at(0);
}

TEST(LibraryTest, Ops_5_AllOfAQuery) {
  const LibraryPtr library = read(LibraryText{"sql-query",
                                              "SELECT * FROM patients WHERE age > $age",
                                              {{"http://v/patients|1", "patients"}},
                                              {{"age", "integer"}, {"from", "dateTime"}},
                                              "http://q/a",
                                              "2",
                                              R"(,"name":"A")"}
                                      .text());
  ASSERT_TRUE(library->ok());
  EXPECT_EQ(library->kind, LibraryKind::kQuery);
  EXPECT_EQ(library->url, "http://q/a");
  EXPECT_EQ(library->version, "2");
  EXPECT_EQ(library->name, "A");
  ASSERT_EQ(library->dependencies.size(), 1U);
  EXPECT_EQ(library->dependencies[0].canonical, "http://v/patients|1");
  EXPECT_EQ(library->dependencies[0].label, "patients");
  EXPECT_EQ(library->dependencies[0].path, "relatedArtifact[0].resource");
  ASSERT_EQ(library->parameters.size(), 2U);
  EXPECT_EQ(library->parameters[1].type, ParameterType::kDateTime);
  EXPECT_EQ(library->statement->source(), "q.json (SQL)");
}

TEST(LibraryTest, Ops_7_BothPublishedCodeSystems) {
  for (const std::string system :
       {"http://hl7.org/fhir/uv/sql-on-fhir/CodeSystem/LibraryTypesCodes",
        "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes", "http://else"}) {
    for (const std::string code : {"sql-query", "sql-view", "logic-library"}) {
      const std::string text =
          R"({"resourceType":"Library","type":{"coding":[{"code":"x"},{"system":")" + system +
          R"(","code":")" + code + R"("}]},"content":[)" +
          attachment("application/sql", "SELECT 1") + "]}";
      const LibraryPtr library = read(text);
      const bool is_known = system != "http://else" && code != "logic-library";
      EXPECT_EQ(library->ok(), is_known) << text;
      EXPECT_EQ(is_sql_library(library->value), is_known) << text;
      if (!is_known) {
        EXPECT_THAT(paths(*library), ElementsAre("type"));
      }
      if (is_known) {
        EXPECT_EQ(library->kind, code == "sql-view" ? LibraryKind::kView : LibraryKind::kQuery);
      }
    }
  }
}

TEST(LibraryTest, ALibraryIsNotBothAQueryAndAView) {
  const std::string system = "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes";
  const LibraryPtr library =
      read(R"({"type":{"coding":[{"system":")" + system + R"(","code":"sql-view"},{"system":")" +
           system + R"(","code":"sql-query"}]},"content":[)" +
           attachment("application/sql", "SELECT 1") + "]}");
  EXPECT_THAT(paths(*library), ElementsAre("type"));
}

TEST(LibraryTest, Ops_7_GivenLogicLibrariesAndThoseWithoutATypeAreQueries) {
  const std::string content = R"(,"content":[)" + attachment("application/sql", "SELECT 1") + "]}";
  for (
      const std::string type :
      {R"({"resourceType":"Library")", R"({"type":{"text":"mine"})",
       R"({"type":{"coding":[{"code":"logic-library"}]})",
       R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/library-type","code":"logic-library"}]})"}) {
    const LibraryPtr given = read(type + content, Origin::kGiven);
    EXPECT_TRUE(given->ok()) << type;
    EXPECT_EQ(given->kind, LibraryKind::kQuery);
    EXPECT_FALSE(read(type + content, Origin::kPublished)->ok()) << type;
  }
  const std::string other = R"({"type":{"coding":[{"code":"asset-collection"}]})";
  EXPECT_THAT(paths(*read(other + content, Origin::kGiven)), ElementsAre("type"));
}

TEST(LibraryTest, Ops_5_TheDialectOfTheEngineThenThePlainOne) {
  const std::string plain = attachment("application/sql", "SELECT 1");
  const std::string own = attachment("application/sql;dialect=duckdb", "SELECT 2");
  const std::string other = attachment("application/sql;dialect=postgresql", "SELECT 3");
  EXPECT_EQ(chosen("[" + plain + "," + own + "]"), "SELECT 2");
  EXPECT_EQ(chosen("[" + other + "," + own + "," + plain + "]"), "SELECT 2");
  EXPECT_EQ(chosen("[" + other + "," + plain + "]"), "SELECT 1");
  EXPECT_EQ(chosen("[" + other + "]"), "error content");
  EXPECT_EQ(chosen("[" + attachment("text/cql", "SELECT 1") + "]"), "error content");
  EXPECT_EQ(chosen("[]"), "error content");
  EXPECT_EQ(chosen("{}"), "error content");
  EXPECT_EQ(
      chosen("[" + attachment("Application/SQL; Charset=utf-8; Dialect=DuckDB", "SELECT 4") + "]"),
      "SELECT 4");
  EXPECT_EQ(chosen("[" + attachment("application/sql;dialect=\\\"duckdb\\\"", "SELECT 5") + "]"),
            "SELECT 5");
}

TEST(LibraryTest, TheFirstOfTwoAttachmentsOfADialect) {
  EXPECT_EQ(chosen("[" + attachment("application/sql", "SELECT 1") + "," +
                   attachment("application/sql", "SELECT 2") + "]"),
            "SELECT 1");
}

TEST(LibraryTest, Base64IsStrictButForWhiteSpace) {
  const auto data = [](const std::string& text) {
    return chosen(R"([{"contentType":"application/sql","data":")" + text + "\"}]");
  };
  EXPECT_EQ(data("U0VMRUNUIDE="), "SELECT 1");
  EXPECT_EQ(data("U0VM\\nRUNU\\r\\n ID\\tE="), "SELECT 1");
  EXPECT_EQ(data("U0VMRUNUIDE"), "error content[0].data");
  EXPECT_EQ(data("U0VMRUNUIDE=="), "error content[0].data");
  EXPECT_EQ(data("U0VMRUNUID-="), "error content[0].data");
  EXPECT_EQ(data("\\u00a0U0VMRUNUIDE="), "error content[0].data");
  EXPECT_EQ(data(""), "error content[0].data");
  EXPECT_EQ(chosen(R"([{"contentType":"application/sql"}])"), "error content[0].data");
  EXPECT_EQ(chosen(R"([{"contentType":"application/sql","data":5}])"), "error content[0].data");
  EXPECT_EQ(chosen(R"([{"contentType":"application/sql","url":"http://else"}])"),
            "error content[0].data");
}

TEST(LibraryTest, TheSqlIsUtf8) {
  EXPECT_EQ(chosen("[" + attachment("application/sql", "SELECT 'ä€😀'") + "]"), "SELECT 'ä€😀'");
  for (const std::string bad :
       {"SELECT '\xFF'", "SELECT '\xC0\x80'", "SELECT '\xED\xA0\x80'", "SELECT '\xE2\x82"}) {
    EXPECT_EQ(chosen("[" + attachment("application/sql", bad) + "]"), "error content[0].data");
  }
}

TEST(LibraryTest, Ops_5_ErrorsInTheSqlHaveTheirPlaceInIt) {
  const LibraryPtr broken = read(LibraryText{"sql-query", "\n  SELEKT 1"}.text());
  ASSERT_THAT(paths(*broken), ElementsAre("content[0].data"));
  const base::Error& error = broken->problems.errors[0];
  EXPECT_EQ(error.code(), base::ErrorCode::kInvalid);
  EXPECT_EQ(error.position().source, "q.json (SQL)");
  EXPECT_EQ(error.position().line, 2U);
  EXPECT_EQ(error.position().column, 3U);
}

TEST(LibraryTest, Ops_5_AStatementThatWritesIsWrongUsage) {
  const LibraryPtr library = read(LibraryText{"sql-query", "INSERT INTO t VALUES (1)"}.text());
  ASSERT_THAT(paths(*library), ElementsAre("content[0].data"));
  EXPECT_EQ(library->problems.errors[0].code(), base::ErrorCode::kUsage);
}

TEST(LibraryTest, Ops_5_TablesThatAreNotDeclaredAreToldOnceWithWhatIsNear) {
  const LibraryPtr library = read(LibraryText{
      "sql-query",
      "WITH c AS (SELECT 1) SELECT *\nFROM patient CROSS JOIN Patients CROSS JOIN c "
      "CROSS JOIN PATIENT CROSS JOIN entirely_else",
      {{"http://v/p", "patients"}}}.text());
  ASSERT_THAT(paths(*library), ElementsAre("content[0].data", "content[0].data"));
  const base::Error& error = library->problems.errors[0];
  EXPECT_THAT(error.message(), HasSubstr("patient"));
  EXPECT_EQ(error.suggestion(), "patients");
  EXPECT_EQ(error.position().line, 2U);
  EXPECT_EQ(error.position().column, 6U);
  EXPECT_EQ(library->problems.errors[1].suggestion(), "");
}

TEST(LibraryTest, LabelsNeedNotBeUsed) {
  EXPECT_TRUE(
      read(LibraryText{"sql-query", "SELECT 1", {{"http://v/p", "patients"}}}.text())->ok());
}

TEST(LibraryTest, Ops_7_PlaceholdersAreDeclared) {
  const LibraryPtr library = read(LibraryText{
      "sql-query",
      "SELECT $age, $agee, :agee, $AGE, $other",
      {},
      {{"age", "integer"}}}.text());
  ASSERT_EQ(library->problems.errors.size(), 3U);
  EXPECT_EQ(library->problems.errors[0].suggestion(), "age");
  EXPECT_EQ(library->problems.errors[0].position().column, 14U);
  EXPECT_EQ(library->problems.errors[1].suggestion(), "age");  // a name is meant as it is written
  EXPECT_EQ(library->problems.errors[2].suggestion(), "");
}

TEST(LibraryTest, Ops_7_OnlyAGivenLibraryWithoutDeclarationsTakesAnyPlaceholder) {
  const std::string open = LibraryText{"sql-query", "SELECT $a, $b, $a"}.text();
  EXPECT_TRUE(read(open, Origin::kGiven)->ok());
  EXPECT_FALSE(read(open, Origin::kPublished)->ok());
  const std::string half = LibraryText{"sql-query", "SELECT $a, $b", {}, {{"a", "code"}}}.text();
  EXPECT_FALSE(read(half, Origin::kGiven)->ok());
  EXPECT_FALSE(read(LibraryText{"sql-query", "SELECT $a, $A"}.text(), Origin::kGiven)->ok());
}

TEST(LibraryTest, Ops_5_AViewHasNoParameters) {
  for (const Origin origin : {Origin::kGiven, Origin::kPublished}) {
    EXPECT_THAT(paths(*read(LibraryText{"sql-view", "SELECT $a"}.text(), origin)),
                ElementsAre("content[0].data"));
    EXPECT_THAT(
        paths(*read(LibraryText{"sql-view", "SELECT 1", {}, {{"a", "code"}}}.text(), origin)),
        ElementsAre("parameter"));
  }
  const std::string out =
      LibraryText{
          "sql-view", "SELECT 1", {}, {}, "", "", R"(,"parameter":[{"use":"out","name":"a"}])"}
          .text();
  EXPECT_TRUE(read(out)->ok());
}

TEST(LibraryTest, Ops_5_TypesOfParameters) {
  LibraryText library;
  for (const std::string type :
       {"string", "integer", "date", "dateTime", "boolean", "decimal", "code", "instant"}) {
    library.parameters.push_back({"p_" + type, type});
  }
  EXPECT_THAT(paths(*read(library.text())), IsEmpty());
  library.parameters = {{"a", "Quantity"}, {"b", "String"}, {"c", ""}, {"d", "integer64"}};
  EXPECT_THAT(paths(*read(library.text())), ElementsAre("parameter[0].type", "parameter[1].type",
                                                        "parameter[2].type", "parameter[3].type"));
}

TEST(LibraryTest, NamesOfParametersArePlainAndThereOnce) {
  LibraryText library;
  library.parameters = {{"a b", "code"}, {"", "code"},    {"1a", "code"},
                        {"_a1", "code"}, {"age", "code"}, {"Age", "code"}};
  EXPECT_THAT(paths(*read(library.text())), ElementsAre("parameter[0].name", "parameter[1].name",
                                                        "parameter[2].name", "parameter[5].name"));
}

TEST(LibraryTest, Ops_7_LabelsArePlainIdentifiersAndThereOnce) {
  LibraryText library;
  library.dependencies = {
      {"http://v/1", "a b"}, {"http://v/2", "a"},       {"http://v/3", "A"},
      {"http://v/4", ""},    {"http://v/5", "ä"},       {"http://v/6", "l0.x"},
      {"http://v/7", "x;y"}, {"http://v/8", "\\u0000"}, {"http://v/9", "order"}};
  const LibraryPtr read_one = read(library.text());
  EXPECT_THAT(paths(*read_one), ElementsAre("relatedArtifact[0].label", "relatedArtifact[2].label",
                                            "relatedArtifact[3].label", "relatedArtifact[4].label",
                                            "relatedArtifact[5].label", "relatedArtifact[6].label",
                                            "relatedArtifact[7].label"));
  EXPECT_EQ(read_one->dependencies.size(), 2U);
}

TEST(LibraryTest, LabelsHaveALength) {
  for (const size_t size : {254U, 255U, 256U}) {
    LibraryText library;
    library.dependencies = {{"http://v", std::string(size, 'x')}};
    EXPECT_EQ(read(library.text())->ok(), size <= 255) << size;
  }
  LibraryText library;
  library.dependencies = {{"http://v", std::string(1 << 20, 'x') + "!"}};
  const LibraryPtr huge = read(library.text());
  ASSERT_EQ(huge->problems.errors.size(), 1U);
  EXPECT_LT(huge->problems.errors[0].message().size(), 1000U);
}

TEST(LibraryTest, DependenciesNeedAResourceAndALabel) {
  const auto related = [](const std::string& text) {
    return paths(
        *read(LibraryText{"sql-query", "SELECT 1", {}, {}, "", "", R"(,"relatedArtifact":)" + text}
                  .text()));
  };
  EXPECT_THAT(related(R"([{"type":"depends-on","label":"a"}])"),
              ElementsAre("relatedArtifact[0].resource"));
  EXPECT_THAT(related(R"([{"type":"depends-on","resource":"http://v"}])"),
              ElementsAre("relatedArtifact[0].label"));
  EXPECT_THAT(related(R"([{"type":"depends-on"}])"),
              ElementsAre("relatedArtifact[0].resource", "relatedArtifact[0].label"));
  EXPECT_THAT(related(R"([{"type":"depends-on","resource":5,"label":"a"}])"),
              ElementsAre("relatedArtifact[0].resource"));
  EXPECT_THAT(related(R"([{"type":"documentation","label":"a b"},{"label":"x"}])"), IsEmpty());
  EXPECT_THAT(related("{}"), ElementsAre("relatedArtifact"));
  EXPECT_THAT(related("[5,null]"), ElementsAre("relatedArtifact[0]", "relatedArtifact[1]"));
}

TEST(LibraryTest, AllProblemsAreToldInOnePass) {
  LibraryText library{"", "SELECT * FROM t WHERE x = $x", {{"http://v", "a b"}}, {{"p", "Money"}}};
  EXPECT_THAT(paths(*read(library.text())),
              ElementsAre("type", "relatedArtifact[0].label", "parameter[0].type",
                          "content[0].data", "content[0].data"));
  EXPECT_EQ(read(library.text())->problems.errors[1].position().source, "q.json");
}

TEST(LibraryTest, ProblemsAreNotWithoutEnd) {
  LibraryText library;
  for (size_t i = 0; i < view::Problems::kMost + 50; ++i) {
    library.dependencies.push_back({"http://v", "a b"});
  }
  EXPECT_EQ(read(library.text())->problems.errors.size(), view::Problems::kMost);
}

TEST(LibraryTest, SqlIsAsLargeAsAMebibyte) {
  constexpr size_t kMost = size_t{1} << 20;
  for (const size_t size : {kMost - 1, kMost, kMost + 1}) {
    const std::string sql = "SELECT '" + std::string(size - 9, 'x') + "'";
    const LibraryPtr library = read(LibraryText{"sql-query", sql}.text());
    EXPECT_EQ(library->ok(), size <= kMost) << size;
    if (size <= kMost) continue;
    ASSERT_THAT(paths(*library), ElementsAre("content[0].data"));
    EXPECT_EQ(library->problems.errors[0].code(), base::ErrorCode::kLimit);
  }
}

TEST(LibraryTest, ABareStatementHasTheTablesThatItMentions) {
  const std::vector<Dependency> tables = {
      {"ViewDefinition/a", "a"}, {"ViewDefinition/b", "b"}, {"ViewDefinition/c", "C"}};
  const LibraryPtr library = read_statement("SELECT * FROM A JOIN c ON x = $x", "<sql>", tables);
  ASSERT_TRUE(library->ok());
  EXPECT_TRUE(library->takes_undeclared());
  ASSERT_EQ(library->dependencies.size(), 2U);
  EXPECT_EQ(library->dependencies[1].canonical, "ViewDefinition/c");
  const LibraryPtr broken = read_statement("SELECT * FROM d_d", "<sql>", {{"x", "d"}, {"y", "dd"}});
  ASSERT_EQ(broken->problems.errors.size(), 1U);
  EXPECT_EQ(broken->problems.errors[0].position().source, "<sql>");
  EXPECT_EQ(broken->problems.errors[0].suggestion(), "dd");
}

TEST(LibraryTest, AnObjectWithAKeyTwiceIsNoDocument) {
  const auto document =
      json::Document::parse(R"({"resourceType":"Library","url":"a","url":"b"})", "q.json");
  EXPECT_FALSE(document.ok());
}

TEST(ParameterTypeTest, ByNameAndByTheEndOfAValue) {
  EXPECT_EQ(parameter_type("dateTime"), ParameterType::kDateTime);
  EXPECT_EQ(parameter_type("DateTime"), ParameterType::kDateTime);
  EXPECT_FALSE(parameter_type("datetime"));
  EXPECT_FALSE(parameter_type(""));
  EXPECT_FALSE(parameter_type("\x13tring"));
  EXPECT_EQ(name_of(ParameterType::kInstant), "instant");
}

}  // namespace
}  // namespace kiln::plan
