// Values into columns of every type: what fits, what is an error, what lenient casts make of it.
#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

struct CastCase {
  std::string_view type;  ///< of the ansi/type tag
  std::string_view path;
  std::string_view expected;  ///< as JSON; "" for a value that does not fit
};

const std::string kPatient =
    R"({"resourceType":"Patient","id":"7","active":true,"birthDate":"2001-02-03","deceasedDateTime":"2024-02-29T23:30:15.5-02:00",)"
    R"("meta":{"lastUpdated":"2024-02-29T10:00:00.000+01:00"},"multipleBirthInteger":300,"gender":"male",)"
    R"("extension":[{"url":"d","valueDecimal":12.345},{"url":"t","valueTime":"10:30:00"},{"url":"m","valueDateTime":"2024-02"},)"
    R"({"url":"neg","valueDecimal":-0.005},{"url":"day","valueDateTime":"2024-02-29"},{"url":"local","valueDateTime":"2024-02-29T10:30:00"},)"
    R"({"url":"big","valueDecimal":123456789012},{"url":"minute","valueDateTime":"2024-02-29T10:30Z"}]})";

/// extension("x") for what its value is.
std::string expand(std::string_view path) {
  if (!path.starts_with('#')) return std::string(path);
  const size_t dot = path.find('.');
  return "extension('" + std::string(path.substr(1, dot - 1)) + "').value.ofType(" +
         std::string(path.substr(dot + 1)) + ")";
}

void expect_casts(const std::vector<CastCase>& cases) {
  for (const CastCase& one : cases) {
    const Compiled compiled = compile_view(patient_view(
        R"([{"column":[{"name":"c","path":")" + expand(one.path) +
        R"(","tag":[{"name":"ansi/type","value":")" + std::string(one.type) + "\"}]}]}]"));
    ASSERT_TRUE(compiled.view) << testing::PrintToString(
        Compiled::describe(compiled.problems.errors));
    const std::string strict = rows_of(*compiled.view, {kPatient});
    uint64_t failed = 0;
    const std::string lenient = rows_of(*compiled.view, {kPatient}, {true}, &failed);
    const std::string label = std::string(one.type) + " of " + std::string(one.path);
    if (one.expected.empty()) {
      EXPECT_EQ(strict.substr(0, 18), "error: column 'c':") << label << ": " << strict;
      EXPECT_NE(strict.find("does not fit"), std::string::npos) << label << ": " << strict;
      EXPECT_EQ(lenient, "{\"c\":null}\n") << label;
      EXPECT_EQ(failed, 1U) << label;
    } else {
      EXPECT_EQ(strict, "{\"c\":" + std::string(one.expected) + "}\n") << label;
      EXPECT_EQ(lenient, strict) << label;
      EXPECT_EQ(failed, 0U) << label;
    }
  }
}

TEST(CastTest, Integers) {
  expect_casts({{"SMALLINT", "multipleBirth.ofType(integer)", "300"},
                {"INTEGER", "id", "7"},
                {"BIGINT", "#big.decimal", "123456789012"},
                {"INTEGER", "#big.decimal", ""},
                {"SMALLINT", "100000", ""},
                {"INTEGER", "#d.decimal", ""},
                {"INTEGER", "gender", ""},
                {"INTEGER", "active", ""},
                {"INTEGER", "1 + 1", "2"},
                {"INTEGER", "photo.title.first()", "null"}});
}

TEST(CastTest, DecimalsAreRoundedToTheScaleAndMustFitThePrecision) {
  expect_casts({{"DECIMAL(5,3)", "#d.decimal", "12.345"},
                {"DECIMAL(5,2)", "#d.decimal", "12.35"},
                {"DECIMAL(5,0)", "#d.decimal", "12"},
                {"DECIMAL(5,4)", "#d.decimal", ""},
                {"DECIMAL(3,2)", "#neg.decimal", "-0.01"},
                {"DECIMAL(5,2)", "id", "7.00"},
                {"DECIMAL(5,2)", "gender", ""},
                {"DECIMAL(10,2)", "#big.decimal", ""}});
}

TEST(CastTest, FloatingPoint) {
  expect_casts({{"DOUBLE PRECISION", "#d.decimal", "12.345"},
                {"REAL", "multipleBirth.ofType(integer)", "300"},
                {"DOUBLE PRECISION", "gender", ""}});
}

TEST(CastTest, Booleans) {
  expect_casts({{"BOOLEAN", "active", "true"},
                {"BOOLEAN", "name.exists()", "false"},
                {"BOOLEAN", "gender", ""},
                {"BOOLEAN", "multipleBirth.ofType(integer)", ""}});
}

TEST(CastTest, DatesAndTimes) {
  expect_casts(
      {{"DATE", "birthDate", "\"2001-02-03\""},
       {"DATE", "deceased.ofType(dateTime)", "\"2024-02-29\""},
       {"DATE", "#m.dateTime", ""},
       {"DATE", "gender", ""},
       {"TIME", "#t.time", "\"10:30:00\""},
       {"TIME", "birthDate", ""},
       {"TIMESTAMP", "#local.dateTime", "\"2024-02-29T10:30:00\""},
       // An offset is applied, over the end of the day.
       {"TIMESTAMP", "deceased.ofType(dateTime)", "\"2024-03-01T01:30:15.5\""},
       {"TIMESTAMP", "#day.dateTime", "\"2024-02-29T00:00:00\""},
       {"TIMESTAMP", "#m.dateTime", ""},
       {"TIMESTAMP WITH TIME ZONE", "meta.lastUpdated", "\"2024-02-29T10:00:00.000+01:00\""},
       {"TIMESTAMP WITH TIME ZONE", "#local.dateTime", ""},
       {"TIMESTAMP WITH TIME ZONE", "#minute.dateTime", ""},
       {"TIMESTAMP WITH TIME ZONE", "birthDate", ""}});
}

TEST(CastTest, AnythingPrimitiveIsText) {
  expect_casts({{"VARCHAR", "active", "\"true\""},
                {"VARCHAR", "#d.decimal", "\"12.345\""},
                {"CHARACTER VARYING", "birthDate", "\"2001-02-03\""},
                {"VARCHAR", "1 + 1", "\"2\""},
                {"VARCHAR", "@2024-02-29 + 1 day", "\"2024-03-01\""}});
}

TEST(CastTest, ListsAreCastItemByItem) {
  const auto of = [](std::string_view type) {
    return compile_view(patient_view(
        R"([{"column":[{"name":"c","path":"name.given","collection":true,"tag":[{"name":"ansi/type","value":")" +
        std::string(type) + "\"}]}]}]"));
  };
  const std::string line = R"({"resourceType":"Patient","name":[{"given":["1","x","3"]}]})";
  const Compiled text = of("VARCHAR");
  EXPECT_EQ(rows_of(*text.view, {line}), "{\"c\":[\"1\",\"x\",\"3\"]}\n");
  const Compiled integers = of("INTEGER");
  EXPECT_EQ(rows_of(*integers.view, {line}), "error: column 'c': \"x\" does not fit INTEGER[]");
  uint64_t failed = 0;
  EXPECT_EQ(rows_of(*integers.view, {line}, {true}, &failed), "{\"c\":[1,3]}\n");
  EXPECT_EQ(failed, 1U);
}

TEST(CastTest, ALongValueIsCutInTheMessage) {
  const Compiled compiled = compile_view(patient_view(
      R"([{"column":[{"name":"c","path":"id","tag":[{"name":"ansi/type","value":"INTEGER"}]}]}])"));
  ASSERT_TRUE(compiled.view);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "ä";
  const std::string error =
      rows_of(*compiled.view, {R"({"resourceType":"Patient","id":")" + text + "\"}"});
  EXPECT_LT(error.size(), 120U) << error;
  EXPECT_NE(error.find("ä... does not fit INTEGER"), std::string::npos) << error;
}

}  // namespace
}  // namespace kiln::view
