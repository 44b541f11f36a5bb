// Values into columns of every type: what fits, what is an error, what lenient casts make of it.
#include <cstring>

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
    R"({"url":"big","valueDecimal":123456789012},{"url":"minute","valueDateTime":"2024-02-29T10:30Z"},)"
    R"({"url":"leap","valueDateTime":"2016-12-31T23:59:60Z"},{"url":"lasttick","valueDateTime":"9999-12-31T23:59:60Z"},)"
    R"({"url":"leaptime","valueTime":"23:59:60"},{"url":"oddleap","valueTime":"10:30:60"},{"url":"nano","valueDateTime":"2024-02-29T10:30:00.1234567Z"},)"
    R"({"url":"zeros","valueDateTime":"2024-02-29T10:30:00.123000000Z"},{"url":"nanotime","valueTime":"10:30:00.1234567"},)"
    R"({"url":"huge","valueDecimal":1e39},{"url":"tiny","valueDecimal":1e-46},{"url":"beyond","valueDecimal":1e400},{"url":"nothing","valueDecimal":1e-400},)"
    R"({"url":"exponent","valueDecimal":1.25e2},{"url":"zero","valueDecimal":-0.0},{"url":"first","valueDate":"0001-01-01"},{"url":"last","valueDate":"9999-12-31"},)"
    R"({"url":"east","valueDateTime":"0001-01-01T00:00:00+14:00"},{"url":"midnight","valueTime":"24:00:00"},)"
    R"({"url":"aeo","valueString":"äöü"},{"url":"clef","valueString":"\ud834\udd1e"},)"
    R"({"url":"b64","valueBase64Binary":"aGk="},{"url":"lines","valueBase64Binary":"aG\nk=\r\n"},{"url":"damaged","valueBase64Binary":"aGk"},)"
    R"({"url":"inner","valueBase64Binary":"a=k="},{"url":"urlsafe","valueBase64Binary":"a-k_"},{"url":"words","valueString":"true"}]})";

/// extension("x") for what its value is.
std::string expand(std::string_view path) {
  if (!path.starts_with('#')) return std::string(path);
  const size_t dot = path.find('.');
  return "extension('" + std::string(path.substr(1, dot - 1)) + "').value.ofType(" +
         std::string(path.substr(dot + 1)) + ")";
}

/// The value of the one column as an output of typed values has it: "null", "error", a number, or
/// the bytes.
std::string typed_value(const CompiledView& view) {
  static const fhir::KeyNames kNames;
  const json::Shape shape(view.demand(), &kNames);
  json::LineParser parser(shape);
  RowEvaluation evaluation(view, {}, {});
  table::Batch batch(view.schema(), table::Values::kTyped);
  const std::string line = kPatient + '\n' + std::string(json::kPadding, '\0');
  EXPECT_EQ(parser.parse(view.resource(), line.data()).kind, json::LineResult::Kind::kResource);
  if (!evaluation.append_rows(parser.tape(), batch).ok()) return "error";
  const auto rows = batch.take_rows();
  const table::ColumnVector& column = rows->column(0);
  if (!column.is_valid(0)) return "null";
  const auto value = [&](auto zero) {
    std::memcpy(&zero, column.values(), sizeof(zero));
    return zero;
  };
  switch (column.storage()) {
    case table::Storage::kBoolean:
      return column.boolean(0) ? "true" : "false";
    case table::Storage::kInt8:
      return std::to_string(value(int8_t{}));
    case table::Storage::kInt16:
      return std::to_string(value(int16_t{}));
    case table::Storage::kInt32:
      return std::to_string(value(int32_t{}));
    case table::Storage::kInteger:
      return std::to_string(column.integer(0));
    case table::Storage::kFloat:
      return std::to_string(value(float{}));
    case table::Storage::kDouble:
      return std::to_string(value(double{}));
    case table::Storage::kDecimal: {
      const auto decimal = value(table::Decimal128{});
      return std::to_string(decimal.high) + ":" + std::to_string(decimal.low);
    }
    case table::Storage::kView:
      return std::string(column.texts().text_of(value(table::ArrowView{})));
    case table::Storage::kText:
      break;
  }
  return "text";
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
    // What one kind of output takes, every other takes too.
    const std::string typed = typed_value(*compiled.view);
    EXPECT_EQ(typed == "error", one.expected.empty()) << label;
    EXPECT_EQ(typed == "null", one.expected == "null") << label;
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

TEST(CastTest, TypedValues) {
  const auto expect_typed = [](const std::vector<CastCase>& cases) {
    for (const CastCase& one : cases) {
      const Compiled compiled = compile_view(patient_view(
          R"([{"column":[{"name":"c","path":")" + expand(one.path) +
          R"(","tag":[{"name":"ansi/type","value":")" + std::string(one.type) + "\"}]}]}]"));
      ASSERT_TRUE(compiled.view);
      EXPECT_EQ(typed_value(*compiled.view), one.expected) << one.type << " of " << one.path;
    }
  };
  expect_typed({{"BOOLEAN", "active", "true"},
                {"TINYINT", "-128", "-128"},
                {"SMALLINT", "multipleBirth.ofType(integer)", "300"},
                {"INTEGER", "id", "7"},
                {"BIGINT", "#big.decimal", "123456789012"},
                {"REAL", "#d.decimal", std::string_view("12.345000")},
                {"DOUBLE", "#neg.decimal", "-0.005000"},
                {"DECIMAL(10,3)", "#d.decimal", "0:12345"},
                {"DECIMAL(10,4)", "#neg.decimal", "-1:18446744073709551566"},
                {"DECIMAL(38,9)", "#zero.decimal", "0:0"},
                {"DECIMAL(38,9)", "#big.decimal", "6:12776324569742690304"},
                {"VARCHAR", "gender", "male"},
                {"VARCHAR", "#aeo.string", "äöü"},
                {"BINARY", "#lines.base64Binary", "hi"},
                {"DATE", "birthDate", "11356"},
                {"DATE", "#first.date", "-719162"},
                {"TIME", "#t.time", "37800000000"},
                {"TIME", "#oddleap.time", "37860000000"},
                {"TIMESTAMP", "deceased.ofType(dateTime)", "1709256615500000"},
                {"TIMESTAMP", "#local.dateTime", "1709202600000000"},
                {"TIMESTAMP", "#leap.dateTime", "1483228800000000"},
                {"TIMESTAMP WITH TIME ZONE", "meta.lastUpdated", "1709197200000000"},
                {"INTEGER", "photo.title.first()", "null"},
                {"INTEGER", "gender", "error"}});
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

TEST(CastTest, IntegersAtTheirBounds) {
  expect_casts({{"TINYINT", "127", "127"},
                {"TINYINT", "128", ""},
                {"TINYINT", "-128", "-128"},
                {"TINYINT", "-129", ""},
                {"SMALLINT", "32767", "32767"},
                {"SMALLINT", "32768", ""},
                {"INTEGER", "2147483647", "2147483647"},
                {"INTEGER", "2147483648L", ""},
                {"BIGINT", "#huge.decimal", ""}});
}

TEST(CastTest, DecimalsAreNeverRoundedAndMustFitThePrecision) {
  expect_casts({{"DECIMAL(5,3)", "#d.decimal", "12.345"},
                {"DECIMAL(5,2)", "#d.decimal", ""},
                {"DECIMAL(5,0)", "#d.decimal", ""},
                {"DECIMAL(4,3)", "#d.decimal", ""},
                {"DECIMAL(5,4)", "#d.decimal", ""},
                {"DECIMAL(3,2)", "#neg.decimal", ""},
                {"DECIMAL(3,3)", "#neg.decimal", "-0.005"},
                {"DECIMAL(5,2)", "1.500", "1.50"},
                {"DECIMAL", "#d.decimal", "12.345000000"},
                {"NUMERIC", "#huge.decimal", ""},
                {"DECIMAL(38,0)", "#huge.decimal", ""},
                {"DECIMAL(5,2)", "#exponent.decimal", "125.00"},
                {"DECIMAL(5,2)", "#zero.decimal", "0.00"},
                {"DECIMAL(5,2)", "id", "7.00"},
                {"DECIMAL(5,2)", "gender", ""},
                {"DECIMAL(10,2)", "#big.decimal", ""}});
}

TEST(CastTest, FloatingPoint) {
  expect_casts({{"DOUBLE PRECISION", "#d.decimal", "12.345"},
                {"REAL", "multipleBirth.ofType(integer)", "300"},
                {"REAL", "#huge.decimal", ""},
                {"DOUBLE PRECISION", "#huge.decimal", "1e39"},
                {"DOUBLE PRECISION", "#beyond.decimal", ""},
                {"DOUBLE PRECISION", "#nothing.decimal", ""},
                {"REAL", "#tiny.decimal", ""},
                {"DOUBLE PRECISION", "#tiny.decimal", "1e-46"},
                {"REAL", "#zero.decimal", "-0.0"},
                {"DOUBLE PRECISION", "active", ""},
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

TEST(CastTest, PartsOfASecondAreNeverCut) {
  expect_casts({{"TIMESTAMP(0)", "deceased.ofType(dateTime)", ""},
                {"TIMESTAMP(1)", "deceased.ofType(dateTime)", "\"2024-03-01T01:30:15.5\""},
                {"TIMESTAMP(0)", "meta.lastUpdated", "\"2024-02-29T09:00:00.000\""},
                {"TIMESTAMP(0) WITH TIME ZONE", "deceased.ofType(dateTime)", ""},
                {"TIMESTAMP", "#nano.dateTime", ""},
                {"TIMESTAMP WITH TIME ZONE", "#nano.dateTime", ""},
                {"TIMESTAMP WITH TIME ZONE", "#zeros.dateTime", "\"2024-02-29T10:30:00.123000Z\""},
                {"TIMESTAMP(3)", "#zeros.dateTime", "\"2024-02-29T10:30:00.123000\""},
                {"TIMESTAMP(2)", "#zeros.dateTime", ""},
                {"TIME(0)", "#t.time", "\"10:30:00\""},
                {"TIME", "#nanotime.time", ""}});
}

TEST(CastTest, ALeapSecondIsTheNextSecond) {
  expect_casts({{"TIMESTAMP", "#leap.dateTime", "\"2017-01-01T00:00:00\""},
                {"TIMESTAMP WITH TIME ZONE", "#leap.dateTime", "\"2017-01-01T00:00:00Z\""},
                {"VARCHAR", "#leap.dateTime", "\"2016-12-31T23:59:60Z\""},
                {"DATE", "#leap.dateTime", "\"2016-12-31\""},
                {"TIMESTAMP", "#lasttick.dateTime", ""},
                {"TIME", "#oddleap.time", "\"10:31:00\""},
                {"TIME", "#leaptime.time", ""},
                {"VARCHAR", "#leaptime.time", "\"23:59:60\""}});
}

TEST(CastTest, TheEndsOfTheCalendar) {
  expect_casts({{"DATE", "#first.date", "\"0001-01-01\""},
                {"DATE", "#last.date", "\"9999-12-31\""},
                {"TIMESTAMP", "#last.date", "\"9999-12-31T00:00:00\""},
                {"TIMESTAMP", "#east.dateTime", ""},
                {"TIME", "#midnight.time", ""}});
}

TEST(CastTest, ALengthCountsCharacters) {
  expect_casts({{"VARCHAR(3)", "gender", ""},
                {"VARCHAR(4)", "gender", "\"male\""},
                {"CHAR(2)", "#aeo.string", ""},
                {"VARCHAR(3)", "#aeo.string", "\"äöü\""},
                {"VARCHAR(1)", "#clef.string", "\"\xF0\x9D\x84\x9E\""},
                {"VARCHAR(5)", "#d.decimal", ""},
                {"VARCHAR(6)", "#d.decimal", "\"12.345\""}});
}

TEST(CastTest, Base64) {
  expect_casts({{"BINARY", "#b64.base64Binary", "\"aGk=\""},
                {"BINARY", "#lines.base64Binary", "\"aGk=\""},
                {"BINARY", "#damaged.base64Binary", ""},
                {"BINARY", "#inner.base64Binary", ""},
                {"BINARY", "#urlsafe.base64Binary", ""},
                {"BINARY(2)", "#lines.base64Binary", "\"aGk=\""},
                {"BINARY(1)", "#b64.base64Binary", ""},
                {"BINARY", "#words.string", "\"true\""},
                // Four letters of base64 by chance.
                {"BINARY", "active", ""},
                {"BINARY", "1000 + 234", ""}});
}

/// A column with a declared FHIR type, of the patient.
std::string declared(std::string_view type, std::string_view path) {
  const Compiled compiled =
      compile_view(patient_view(R"([{"column":[{"name":"c","path":")" + expand(path) +
                                R"(","type":")" + std::string(type) + "\"}]}]"));
  EXPECT_TRUE(compiled.view) << testing::PrintToString(
      Compiled::describe(compiled.problems.errors));
  return compiled.view ? rows_of(*compiled.view, {kPatient}) : "";
}

TEST(CastTest, ADeclaredTypeIsHeld) {
  EXPECT_EQ(declared("date", "active"), "error: column 'c': true does not fit date");
  EXPECT_EQ(declared("dateTime", "gender"), "error: column 'c': \"male\" does not fit dateTime");
  EXPECT_EQ(declared("time", "birthDate"), "error: column 'c': \"2001-02-03\" does not fit time");
  EXPECT_EQ(declared("date", "birthDate"), "{\"c\":\"2001-02-03\"}\n");
  EXPECT_EQ(declared("dateTime", "birthDate"), "{\"c\":\"2001-02-03\"}\n");
  EXPECT_EQ(declared("string", "active"), "{\"c\":\"true\"}\n");
  EXPECT_EQ(declared("date", "photo.title.first()"), "{\"c\":null}\n");
}

/// A resource whose one column is of another kind than its element; the row, strict and lenient.
void expect_misfit(std::string_view path, std::string_view member) {
  const Compiled compiled = compile_view(
      patient_view(R"([{"column":[{"name":"c","path":")" + std::string(path) + "\"}]}]"));
  ASSERT_TRUE(compiled.view) << path;
  const std::string line = R"({"resourceType":"Patient","id":"p",)" + std::string(member) + "}";
  const std::string strict = rows_of(*compiled.view, {line});
  EXPECT_EQ(strict.substr(0, 18), "error: column 'c':") << path << ": " << strict;
  EXPECT_NE(strict.find("does not fit"), std::string::npos) << path << ": " << strict;
  uint64_t failed = 0;
  const std::string lenient = rows_of(*compiled.view, {line}, {true}, &failed);
  EXPECT_TRUE(lenient == "{\"c\":null}\n" || lenient == "{\"c\":false}\n")
      << path << ": " << lenient;
  EXPECT_EQ(failed, 1U) << path;
}

TEST(CastTest, AValueOfAnotherKindThanItsElementIsTold) {
  expect_misfit("multipleBirth.ofType(integer)", R"("multipleBirthInteger":"3")");
  expect_misfit("multipleBirth.ofType(integer) > 2", R"("multipleBirthInteger":"3")");
  expect_misfit("multipleBirth.ofType(integer) + 1", R"("multipleBirthInteger":"3")");
  expect_misfit("multipleBirth.ofType(integer) = 3", R"("multipleBirthInteger":"3")");
  expect_misfit("multipleBirth.ofType(integer) = 3", R"("multipleBirthInteger":3.5)");
  expect_misfit("extension.value.ofType(decimal)", R"("extension":[{"valueDecimal":"1.8"}])");
  expect_misfit("extension.value.ofType(Quantity).value",
                R"("extension":[{"valueQuantity":{"value":"1.8"}}])");
  expect_misfit("extension.value.ofType(Quantity) > 1 'mg'",
                R"("extension":[{"valueQuantity":{"value":"1.8","unit":"mg"}}])");
  expect_misfit("active", R"("active":"true")");
  expect_misfit("active = true", R"("active":"true")");
  expect_misfit("active and true", R"("active":"false")");
  expect_misfit("active.not()", R"("active":"false")");
  expect_misfit("gender", R"("gender":1)");
  expect_misfit("gender = 'male'", R"("gender":1)");
  expect_misfit("gender", R"("gender":{"value":"male"})");
  expect_misfit("birthDate", R"("birthDate":1990)");
  expect_misfit("birthDate < @2000", R"("birthDate":"1987-13-45")");
  expect_misfit("name.family", R"("name":"Smith")");
  expect_misfit("managingOrganization.getReferenceKey()",
                R"("managingOrganization":{"reference":5})");
  expect_misfit("managingOrganization.getReferenceKey()",
                R"("managingOrganization":"Organization/5")");
}

TEST(CastTest, AnEmptyTextIsNoDate) {
  const Compiled compiled =
      compile_view(patient_view(R"([{"column":[{"name":"c","path":"birthDate < @2000"}]}])"));
  ASSERT_TRUE(compiled.view);
  EXPECT_EQ(rows_of(*compiled.view, {R"({"resourceType":"Patient","birthDate":""})"}),
            "{\"c\":null}\n");
}

TEST(CastTest, AMisfitInAWhereIsTold) {
  const Compiled compiled = compile_view(patient_view(R"([{"column":[{"name":"c","path":"id"}]}])",
                                                      R"("where":[{"path":"active"}],)"));
  ASSERT_TRUE(compiled.view);
  const std::string line = R"({"resourceType":"Patient","id":"p","active":"true"})";
  const std::string strict = rows_of(*compiled.view, {line});
  EXPECT_EQ(strict.substr(0, 13), "error: where:") << strict;
  uint64_t failed = 0;
  EXPECT_EQ(rows_of(*compiled.view, {line}, {true}, &failed), "");
  EXPECT_EQ(failed, 1U);
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
