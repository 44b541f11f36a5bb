#include "plan/bindings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/testing/library_text.h"

namespace kiln::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BindingsTest : public ::testing::Test {
 protected:
  static LibraryPtr library(const LibraryText& text) {
    const auto document = json::Document::parse(text.text(), "q.json");
    return read_library(*document, (*document)->root(), Origin::kGiven);
  }
  /// With one declared parameter `p`, or with none.
  static LibraryPtr with(const std::string& type) {
    LibraryText text{"sql-query", "SELECT $p"};
    if (!type.empty()) text.parameters = {{"p", type}};
    return library(text);
  }
  std::vector<sql::Binding> bind(const Library& to, const std::string& parameters) {
    document_ = *json::Document::parse(parameters, "body");
    return bind_values(to, given_values(document_->root(), "parameters", problems_), "parameters",
                       problems_);
  }
  /// "TYPE text" of what the only parameter becomes, else the message.
  std::string bound(const std::string& type, const std::string& value) {
    problems_ = {};
    return only(bind(*with(type),
                     R"({"resourceType":"Parameters","parameter":[{"name":"p",)" + value + "}]}"));
  }
  std::string bound_text(const std::string& type, const std::string& text) {
    problems_ = {};
    return only(bind_texts(*with(type), {{"p", text}}, "-p", problems_));
  }
  std::string only(const std::vector<sql::Binding>& bindings) const {
    EXPECT_EQ(bindings.size() + problems_.all().size(), 1U);
    if (!bindings.empty()) return bindings[0].type + " " + bindings[0].value.value_or("NULL");
    const Problem& problem = problems_.all().at(0);
    EXPECT_EQ(problem.code, ProblemCode::kUsage);
    EXPECT_EQ(problem.error.code(), base::ErrorCode::kUsage);
    return "error " + problem.error.path();
  }

  json::DocumentPtr document_;
  Problems problems_;
};

TEST_F(BindingsTest, Ops_5_EachDeclaredTypeTakesItsValue) {
  EXPECT_EQ(bound("string", R"("valueString":"it's")"), "VARCHAR it's");
  EXPECT_EQ(bound("string", R"("valueString":"")"), "VARCHAR ");
  EXPECT_EQ(bound("code", R"("valueCode":"a-1")"), "VARCHAR a-1");
  EXPECT_EQ(bound("integer", R"("valueInteger":-5)"), "INTEGER -5");
  EXPECT_EQ(bound("boolean", R"("valueBoolean":true)"), "BOOLEAN true");
  EXPECT_EQ(bound("decimal", R"("valueDecimal":1.50)"), "DECIMAL(3,2) 1.50");
  EXPECT_EQ(bound("date", R"("valueDate":"2024-02-29")"), "DATE 2024-02-29");
  EXPECT_EQ(bound("dateTime", R"("valueDateTime":"2024-02-29T10:30:00Z")"),
            "TIMESTAMPTZ 2024-02-29 10:30:00.000000+00:00");
  EXPECT_EQ(bound("instant", R"("valueInstant":"2024-02-29T10:30:00.123-05:30")"),
            "TIMESTAMPTZ 2024-02-29 10:30:00.123000-05:30");
}

TEST_F(BindingsTest, Ops_5_AnyOtherValueIsWrongUsage) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"string", R"("valueString":"5")"},
      {"integer", R"("valueInteger":5)"},
      {"date", R"("valueDate":"2024-01-01")"},
      {"dateTime", R"("valueDateTime":"2024-01-01")"},
      {"boolean", R"("valueBoolean":true)"},
      {"decimal", R"("valueDecimal":5)"},
      {"code", R"("valueCode":"5")"},
      {"instant", R"("valueInstant":"2024-01-01T00:00:00Z")"}};
  for (const auto& [declared, own] : values) {
    for (const auto& [type, value] : values) {
      EXPECT_EQ(bound(declared, value) == "error parameter[0]", declared != type)
          << declared << " " << value;
    }
  }
  EXPECT_EQ(bound("string", R"("valuestring":"5")"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("value":"5")"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("valueString":5)"), "error parameter[0]");
  EXPECT_EQ(bound("integer", R"("valueInteger":"5")"), "error parameter[0]");
  EXPECT_EQ(bound("boolean", R"("valueBoolean":"true")"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("valueString":null)"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("part":[])"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("valueString":"a","valueCode":"a")"), "error parameter[0]");
  EXPECT_EQ(bound("string", R"("resource":{"resourceType":"Patient"})"), "error parameter[0]");
}

TEST_F(BindingsTest, IntegersHave32Bits) {
  EXPECT_EQ(bound("integer", R"("valueInteger":2147483647)"), "INTEGER 2147483647");
  EXPECT_EQ(bound("integer", R"("valueInteger":2147483648)"), "error parameter[0].valueInteger");
  EXPECT_EQ(bound("integer", R"("valueInteger":-2147483648)"), "INTEGER -2147483648");
  EXPECT_EQ(bound("integer", R"("valueInteger":1.0)"), "error parameter[0].valueInteger");
  EXPECT_EQ(bound("integer", R"("valueInteger":1e2)"), "error parameter[0].valueInteger");
}

TEST_F(BindingsTest, DecimalsAreOfTheirOwnDigits) {
  const auto decimal = [&](const std::string& text) {
    return bound("decimal", R"("valueDecimal":)" + text);
  };
  EXPECT_EQ(decimal("0"), "DECIMAL(1,0) 0");
  EXPECT_EQ(decimal("-0.5"), "DECIMAL(1,1) -0.5");
  EXPECT_EQ(decimal("0.001"), "DECIMAL(3,3) 0.001");
  EXPECT_EQ(decimal("1e3"), "DECIMAL(4,0) 1000");
  EXPECT_EQ(decimal("1.5E-2"), "DECIMAL(3,3) 0.015");
  const std::string digits37(37, '9');
  EXPECT_EQ(decimal(digits37), "DECIMAL(37,0) " + digits37);
  EXPECT_EQ(decimal(digits37 + "8"), "DECIMAL(38,0) " + digits37 + "8");
  EXPECT_EQ(decimal(digits37 + ".8"), "DECIMAL(38,1) " + digits37 + ".8");
  EXPECT_EQ(decimal("0." + digits37 + "8"), "DECIMAL(38,38) 0." + digits37 + "8");
  for (const std::string& text :
       {digits37 + "81", digits37 + ".81", "0." + digits37 + "81", std::string("1e38"),
        std::string("1e-39"), std::string("1e999999"), std::string("1e-999999999999")}) {
    EXPECT_EQ(decimal(text), "error parameter[0].valueDecimal") << text;
  }
}

TEST_F(BindingsTest, DatesAreWholeAndExist) {
  for (const std::string text : {"2024", "2024-02", "2023-02-29", "2024-1-1", "0000-01-01", "today",
                                 "2024-01-01T00:00:00Z", "infinity", ""}) {
    EXPECT_EQ(bound("date", R"("valueDate":")" + text + "\""), "error parameter[0].valueDate")
        << text;
  }
  EXPECT_EQ(bound("date", R"("valueDate":"0001-01-01")"), "DATE 0001-01-01");
  EXPECT_EQ(bound("date", R"("valueDate":"9999-12-31")"), "DATE 9999-12-31");
}

TEST_F(BindingsTest, DateTimesAreAtLeastADay) {
  const auto time = [&](const std::string& text) {
    return bound("dateTime", R"("valueDateTime":")" + text + "\"");
  };
  EXPECT_EQ(time("2024-03-01"), "TIMESTAMP 2024-03-01 00:00:00.000000");
  EXPECT_EQ(time("2024-03-01T10:30:00"), "TIMESTAMP 2024-03-01 10:30:00.000000");
  EXPECT_EQ(time("2024-03-01T10:30:00.1234567+14:00"),
            "TIMESTAMPTZ 2024-03-01 10:30:00.123456+14:00");
  for (const std::string text : {"2024", "2024-03", "2024-03-01T10", "2024-03-01T10:30",
                                 "2024-03-01T10:30Z", "2024-03-01 10:30:00", "2024-03-01T24:00:00",
                                 "2024-03-01T10:30:00+15:00", "now", "epoch"}) {
    EXPECT_EQ(time(text), "error parameter[0].valueDateTime") << text;
  }
  EXPECT_EQ(bound("instant", R"("valueInstant":"2024-03-01T10:30:00")"),
            "error parameter[0].valueInstant");
  EXPECT_EQ(bound("instant", R"("valueInstant":"2024-03-01")"), "error parameter[0].valueInstant");
}

TEST_F(BindingsTest, ATextHasNoNul) {
  EXPECT_EQ(bound("string", R"("valueString":"a\u0000b")"), "error parameter[0].valueString");
}

TEST_F(BindingsTest, Ops_7_WithoutDeclarationsTheValueHasItsOwnType) {
  EXPECT_EQ(bound("", R"("valueString":"5")"), "VARCHAR 5");
  EXPECT_EQ(bound("", R"("valueInteger":5)"), "INTEGER 5");
  EXPECT_EQ(bound("", R"("valueDate":"2024-01-01")"), "DATE 2024-01-01");
  EXPECT_EQ(bound("", R"("valueDecimal":0.50)"), "DECIMAL(2,2) 0.50");
  EXPECT_EQ(bound("", R"("valueQuantity":{})"), "error parameter[0]");
  EXPECT_EQ(bound("", R"("valueDate":"2024")"), "error parameter[0].valueDate");
}

TEST_F(BindingsTest, Ops_5_UnknownTwiceAndMissing) {
  const LibraryPtr two = library({"sql-query",
                                  "SELECT $age, $code",
                                  {},
                                  {{"age", "integer"}, {"code", "code"}, {"c", "code"}}});
  const auto bindings = bind(*two, R"({"resourceType":"Parameters","parameter":[
      {"name":"aeg","valueInteger":1},{"name":"age","valueInteger":1},
      {"name":"age","valueInteger":2},{"name":"Age","valueInteger":2},{"valueInteger":1}]})");
  ASSERT_EQ(bindings.size(), 1U);
  EXPECT_EQ(bindings[0].name, "age");
  EXPECT_EQ(bindings[0].value, "1");
  std::vector<std::string> told;
  for (const Problem& problem : problems_.all()) {
    EXPECT_EQ(problem.code, ProblemCode::kUsage);
    EXPECT_EQ(problem.place, "parameters");
    told.push_back(problem.error.path());
  }
  EXPECT_THAT(told,
              ElementsAre("parameter[4]", "parameter[0]", "parameter[2]", "parameter[3]", ""));
  EXPECT_EQ(problems_.all()[1].error.suggestion(), "age");
  EXPECT_EQ(problems_.all()[3].error.suggestion(), "age");
  EXPECT_THAT(problems_.all()[4].error.message(), HasSubstr("'code'"));
}

TEST_F(BindingsTest, AWrongValueIsNotMissingToo) {
  bind(*with("integer"),
       R"({"resourceType":"Parameters","parameter":[{"name":"p","valueCode":"x"}]})");
  EXPECT_EQ(problems_.all().size(), 1U);
}

TEST_F(BindingsTest, WhatTheStatementDoesNotMentionIsCheckedButNotBound) {
  const LibraryPtr unused = library({"sql-query", "SELECT 1", {}, {{"a", "integer"}}});
  const std::string head = R"({"resourceType":"Parameters","parameter":[{"name":"a",)";
  EXPECT_THAT(bind(*unused, head + R"("valueInteger":1}]})"), IsEmpty());
  EXPECT_TRUE(problems_.ok());
  bind(*unused, head + R"("valueCode":"x"}]})");
  EXPECT_FALSE(problems_.ok());
  problems_ = {};
  bind(*library({"sql-query", "SELECT 1"}), head + R"("valueInteger":1}]})");
  EXPECT_FALSE(problems_.ok());  // nothing is declared, and nothing mentioned
}

TEST_F(BindingsTest, APlaceholderThatIsThereTwiceIsBoundOnce) {
  EXPECT_EQ(bind(*library({"sql-query", "SELECT $a, :a, $a"}),
                 R"({"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":1}]})")
                .size(),
            1U);
}

TEST_F(BindingsTest, ABrokenStatementHidesNoWrongValue) {
  const LibraryPtr broken = library({"sql-query", "SELEKT", {}, {{"p", "integer"}}});
  ASSERT_FALSE(broken->ok());
  EXPECT_THAT(bind(*broken, R"({"resourceType":"Parameters","parameter":[
      {"name":"p","valueCode":"x"},{"name":"q","valueCode":"x"}]})"),
              IsEmpty());
  EXPECT_EQ(problems_.all().size(), 2U);
}

TEST_F(BindingsTest, WhatIsNoParametersResource) {
  for (const std::string text : {"{}", "[]", "5", R"({"resourceType":"Patient"})",
                                 R"({"resourceType":"Parameters","parameter":{}})",
                                 R"({"resourceType":"Parameters","parameter":[5]})"}) {
    problems_ = {};
    const auto document = json::Document::parse(text, "body");
    EXPECT_THAT(given_values((*document)->root(), "here", problems_), IsEmpty());
    ASSERT_EQ(problems_.all().size(), 1U) << text;
    EXPECT_EQ(problems_.all()[0].place, "here");
  }
}

TEST_F(BindingsTest, TextsByTheDeclaredTypeAndElseWithoutAType) {
  EXPECT_EQ(bound_text("integer", "5"), "INTEGER 5");
  EXPECT_EQ(bound_text("integer", "five"), "error ");
  EXPECT_EQ(bound_text("integer", " 5"), "error ");
  EXPECT_EQ(bound_text("boolean", "true"), "BOOLEAN true");
  EXPECT_EQ(bound_text("boolean", "yes"), "error ");
  EXPECT_EQ(bound_text("decimal", "2.50"), "DECIMAL(3,2) 2.50");
  EXPECT_EQ(bound_text("decimal", "0x10"), "error ");
  EXPECT_EQ(bound_text("date", "2024-01-01"), "DATE 2024-01-01");
  EXPECT_EQ(bound_text("", "2024-01-01"), " 2024-01-01");
  EXPECT_EQ(bound_text("", std::string("a\0b", 3)), "error ");
}

TEST_F(BindingsTest, NullsHaveTheTypesOfValues) {
  const auto null_of = [&](const std::string& type) { return only(bind_nulls(*with(type))); };
  EXPECT_EQ(null_of("string"), "VARCHAR NULL");
  EXPECT_EQ(null_of("integer"), "INTEGER NULL");
  EXPECT_EQ(null_of("date"), "DATE NULL");
  EXPECT_EQ(null_of("dateTime"), "TIMESTAMP NULL");
  EXPECT_EQ(null_of("boolean"), "BOOLEAN NULL");
  EXPECT_EQ(null_of("decimal"), "DECIMAL(18,3) NULL");
  EXPECT_EQ(null_of("instant"), "TIMESTAMPTZ NULL");
  EXPECT_EQ(null_of(""), " NULL");
  // One for each, however often it is mentioned.
  LibraryText twice{"sql-query", "SELECT $q, $p, $q"};
  twice.parameters = {{"p", "code"}, {"q", "code"}};
  EXPECT_EQ(bind_nulls(*library(twice)).size(), 2U);
  EXPECT_THAT(bind_nulls(*library({"sql-query", "SELECT $"})), IsEmpty());
}

TEST_F(BindingsTest, MessagesAreShort) {
  bound("string", R"("valueCode":")" + std::string(1 << 20, 'x') + "\"");
  bind(*with("code"), R"({"resourceType":"Parameters","parameter":[{"name":")" +
                          std::string(1 << 20, 'x') + R"(","valueCode":"a"}]})");
  for (const Problem& problem : problems_.all()) {
    EXPECT_LT(problem.error.message().size(), 1000U);
  }
}

}  // namespace
}  // namespace kiln::plan
