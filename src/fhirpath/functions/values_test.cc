// Conversion, temporal components, boundaries, types, FHIR's and SQL on FHIR's own functions.
#include "fhirpath/evaluated_for_test.h"
#include "fhirpath/function.h"
#include "fhirpath/reference.h"

namespace kiln::fhirpath {
namespace {

TEST(ConversionTest, ToBoolean) {
  expect_all("", {{"'true'.toBoolean()", "boolean true"},
                  {"'N'.toBoolean()", "boolean false"},
                  {"'1.0'.toBoolean()", "boolean true"},
                  {"'maybe'.toBoolean()", ""},
                  {"1.toBoolean()", "boolean true"},
                  {"0.0.toBoolean()", "boolean false"},
                  {"2.toBoolean()", ""},
                  {"{}.toBoolean()", ""},
                  {"'yes'.convertsToBoolean()", "boolean true"},
                  {"'x'.convertsToBoolean()", "boolean false"},
                  {"{}.convertsToBoolean()", ""},
                  {"(true | false).toBoolean()", "error"}});
}

TEST(ConversionTest, ToNumbers) {
  expect_all("", {{"'-12'.toInteger()", "integer -12"},
                  {"'+3'.toInteger()", "integer 3"},
                  {"'1.0'.toInteger()", ""},
                  {"'2147483648'.toInteger()", ""},
                  {"true.toInteger()", "integer 1"},
                  {"'2147483648'.toLong()", "long 2147483648"},
                  {"5.toLong()", "long 5"},
                  {"'1.50'.toDecimal()", "decimal 1.50"},
                  {"'1e3'.toDecimal()", ""},
                  {"1.toDecimal()", "decimal 1"},
                  {"'x'.toDecimal()", ""},
                  {"'1'.convertsToInteger()", "boolean true"},
                  {"'1.5'.convertsToInteger()", "boolean false"},
                  {"'9999999999'.convertsToLong()", "boolean true"},
                  {"'1.5'.convertsToDecimal()", "boolean true"},
                  {"'abc'.convertsToDecimal()", "boolean false"}});
}

TEST(ConversionTest, ToTemporals) {
  expect_all("", {{"'2024-02'.toDate()", "date 2024-02"},
                  {"'2024-02-30'.toDate()", ""},
                  {"@2024-02-29T10:00:00Z.toDate()", "date 2024-02-29"},
                  {"'2024-02-29T10:30'.toDateTime()", "dateTime 2024-02-29T10:30"},
                  {"@2024-02-29.toDateTime()", "dateTime 2024-02-29"},
                  {"'10:30:15.5'.toTime()", "time 10:30:15.5"},
                  {"'25:00'.toTime()", ""},
                  {"@T10:30.toDate()", ""},
                  {"'2024'.convertsToDate()", "boolean true"},
                  {"'24'.convertsToDate()", "boolean false"},
                  {"'2024-01-01T00:00:00Z'.convertsToDateTime()", "boolean true"},
                  {"'10:30'.convertsToTime()", "boolean true"},
                  {"1.convertsToTime()", "boolean false"}});
}

TEST(ConversionTest, ToQuantityAndString) {
  expect_all("", {{"'4 days'.toQuantity()", "Quantity 4 days"},
                  {"'10 \\'mg\\''.toQuantity()", "Quantity 10 'mg'"},
                  {"5.toQuantity()", "Quantity 5 '1'"},
                  {"'x'.toQuantity()", ""},
                  {"'4 days'.convertsToQuantity()", "boolean true"},
                  {"'4 bananas'.convertsToQuantity()", "boolean false"},
                  {"1.50.toString()", "string 1.50"},
                  {"true.toString()", "string true"},
                  {"@2024-02.toString()", "string 2024-02"},
                  {"4 days.toString()", "string 4 days"},
                  {"{}.toString()", ""},
                  {"1.convertsToString()", "boolean true"}});
  expect_all(R"({"resourceType":"Patient","name":[{"family":"F"}]})",
             {{"name.toString()", ""}, {"name.convertsToString()", "boolean false"}});
}

TEST(ConversionTest, IifEvaluatesOneBranch) {
  expect_all("", {{"iif(true, 'a', 'b')", "string a"},
                  {"iif(false, 'a', 'b')", "string b"},
                  {"iif({}, 'a', 'b')", "string b"},
                  {"iif(false, 'a')", ""},
                  {"iif(true, 'a', 'b'.single() < 1)", "string a"},
                  {"5.iif($this > 3, $this * 2, 0)", "integer 10"},
                  {"(1 | 2).iif(true, 1, 2)", "error"},
                  {"iif(true)", "error"}});
}

TEST(TemporalTest, ClocksAreOneMomentOfTheRun) {
  expect_all("", {{"now()", "dateTime 2024-02-29T12:34:56.789Z"},
                  {"today()", "date 2024-02-29"},
                  {"timeOfDay()", "time 12:34:56.789"},
                  {"now() = now()", "boolean true"}});
}

TEST(TemporalTest, Components) {
  expect_all("", {{"@2024-02-29.yearOf()", "integer 2024"},
                  {"@2024-02-29.monthOf()", "integer 2"},
                  {"@2024-02-29.dayOf()", "integer 29"},
                  {"@2024.monthOf()", ""},
                  {"@2024-02-29T10:30:15.250+05:30.hourOf()", "integer 10"},
                  {"@2024-02-29T10:30:15.250+05:30.minuteOf()", "integer 30"},
                  {"@2024-02-29T10:30:15.250+05:30.secondOf()", "integer 15"},
                  {"@2024-02-29T10:30:15.250+05:30.millisecondOf()", "integer 250"},
                  {"@2024-02-29T10:30:15.250+05:30.timezoneOffsetOf()", "decimal 5.5"},
                  {"@2024-02-29T10:30:15.timezoneOffsetOf()", ""},
                  {"@2024-02-29T10:30:15.250+05:30.dateOf()", "date 2024-02-29"},
                  {"@2024-02-29T10:30:15.250+05:30.timeOf()", "time 10:30:15.250"},
                  {"@2024-02-29.timeOf()", ""},
                  {"{}.yearOf()", ""},
                  {"'2024'.yearOf()", "error"}});
}

TEST(BoundaryTest, OfDecimalsAndTemporals) {
  expect_all("", {{"1.587.lowBoundary()", "decimal 1.58650000"},
                  {"1.587.highBoundary()", "decimal 1.58750000"},
                  {"1.587.lowBoundary(2)", "decimal 1.58"},
                  {"1.587.highBoundary(2)", "decimal 1.59"},
                  {"1.lowBoundary()", "decimal 0.50000000"},
                  {"1.587.lowBoundary(99)", ""},
                  {"@2014.lowBoundary(6)", "date 2014-01"},
                  {"@2014.highBoundary()", "date 2014-12-31"},
                  {"@2014-01-01T08.highBoundary(17)", "dateTime 2014-01-01T08:59:59.999-12:00"},
                  {"@2014-01-01T08.lowBoundary(17)", "dateTime 2014-01-01T08:00:00.000+14:00"},
                  {"@T10:30.highBoundary(9)", "time 10:30:59.999"},
                  {"{}.lowBoundary()", ""},
                  {"'a'.lowBoundary()", "error"}});
}

TEST(BoundaryTest, PrecisionAndComparable) {
  expect_all("", {{"1.58700.precision()", "integer 5"},
                  {"1.precision()", "integer 0"},
                  {"@2014.precision()", "integer 4"},
                  {"@2014-01-05T10:30:00.000.precision()", "integer 17"},
                  {"@T10:30.precision()", "integer 4"},
                  {"{}.precision()", ""},
                  {"true.precision()", "error"},
                  {"1 'cm'.comparable(1 'm')", "boolean true"},
                  {"1 'cm'.comparable(1 's')", "boolean false"},
                  {"{}.comparable(1 's')", ""},
                  {"'a'.comparable(1 's')", "error"}});
}

constexpr std::string_view kObservation =
    R"({"resourceType":"Observation","id":"o","status":"final",)"
    R"("contained":[{"resourceType":"Patient","id":"in","active":true}],)"
    R"("subject":{"reference":"#in"},"performer":[{"reference":"Practitioner/x/_history/2"},)"
    R"({"reference":"http://h/base/Organization/y"},{"display":"no one"}],)"
    R"("extension":[{"url":"e1","valueString":"v"},{"url":"e2"}],)"
    R"("_status":{"extension":[{"url":"e3","valueInteger":3}]},)"
    R"("code":{"text":"c"},"valueQuantity":{"value":2.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}})";

TEST(TypesTest, IsAsAndOfType) {
  expect_all(kObservation,
             {{"value is Quantity", "boolean true"},
              {"value is string", "boolean false"},
              {"value.is(FHIR.Quantity)", "boolean true"},
              {"status is code", "boolean true"},
              {"status is string", "boolean true"},
              {"status is FHIR.code", "boolean true"},
              {"status is System.String", "boolean false"},
              {"1 is Integer", "boolean true"},
              {"1 is System.Integer", "boolean true"},
              {"1 is integer", "boolean false"},
              {"{} is Integer", ""},
              {"(1 | 2) is Integer", "error"},
              {"(value as Quantity).unit", "string mg"},
              {"value.as(string)", ""},
              {"value.ofType(Quantity).value", "decimal 2.0"},
              {"(1 | 'a' | 2).ofType(Integer)", "integer 1, integer 2"},
              {"contained.ofType(Patient).active", "boolean true"},
              {"$this is Observation", "boolean true"},
              {"$this is DomainResource", "boolean true"},
              {"1.type().name", "string Integer"},
              {"status.type().namespace & '.' & status.type().name", "string FHIR.code"}});
}

TEST(FhirTest, ExtensionsAndValues) {
  expect_all(kObservation, {{"extension('e1').value", "string v"},
                            {"extension('nope')", ""},
                            {"status.extension('e3').value", "integer 3"},
                            {"code.extension('e1')", ""},
                            {"status.hasValue()", "boolean true"},
                            {"code.hasValue()", "boolean false"},
                            {"status.getValue()", "string final"},
                            {"value.value.getValue()", "decimal 2.0"}});
}

TEST(FhirTest, ResolveFindsContainedResources) {
  expect_all(kObservation, {{"subject.resolve().id", "id in"},
                            {"subject.resolve() is Patient", "boolean true"},
                            // Resources elsewhere cannot be had.
                            {"performer.resolve()", ""},
                            {"code.text.resolve()", ""}});
}

TEST(FhirTest, ConformsToKnowsTheBaseDefinitions) {
  const Evaluated unknown = evaluate("conformsTo('http://example.org/profile')", kObservation);
  EXPECT_EQ(unknown.code, base::ErrorCode::kUnsupported);
  expect_all(kObservation,
             {{"conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", "boolean true"},
              {"conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "boolean false"}});
}

TEST(SqlTest, KeysOfResourcesAndReferences) {
  expect_all(kObservation, {{"getResourceKey()", "id o"},
                            {"contained.getResourceKey()", "string in"},
                            {"code.getResourceKey()", ""},
                            {"performer.getReferenceKey()", "string x, string y"},
                            {"performer.getReferenceKey(Organization)", "string y"},
                            {"performer.getReferenceKey(Patient)", ""},
                            {"subject.getReferenceKey()", ""}});
}

TEST(SqlTest, ReferenceKey) {
  EXPECT_EQ(reference_key("Patient/1", ""), "1");
  EXPECT_EQ(reference_key("Patient/1", "Patient"), "1");
  EXPECT_EQ(reference_key("Patient/1", "Group"), "");
  EXPECT_EQ(reference_key("http://h/x/Patient/1/_history/3", "Patient"), "1");
  EXPECT_EQ(reference_key("urn:uuid:0-1", "Patient"), "0-1");
  EXPECT_EQ(reference_key("#p", ""), "");
  EXPECT_EQ(reference_key("", ""), "");
  EXPECT_EQ(reference_key("Patient/", ""), "");
}

TEST(UtilityTest, TracePassesItsInputOn) {
  const Evaluated plain = evaluate("(1 | 2).trace('t')");
  EXPECT_EQ(plain.text, "integer 1, integer 2");
  EXPECT_EQ(plain.traces, (std::vector<std::string>{"t: 1", "t: 2"}));
  const Evaluated projected = evaluate("(1 | 2).trace('t', $this * 10)");
  EXPECT_EQ(projected.text, "integer 1, integer 2");
  EXPECT_EQ(projected.traces, (std::vector<std::string>{"t: 10", "t: 20"}));
}

/// Calls with arguments of the least number that the row allows, on nothing: every function must be
/// reachable by name, and none may crash or fail for want of an input.
TEST(FunctionTableTest, EveryRowCanBeCalledOnNothing) {
  size_t count = 0;
  for (const std::string_view name : function_names()) {
    const FunctionRow* const row = find_function(name);
    ASSERT_NE(row, nullptr) << name;
    std::string call = "{}." + std::string(name) + "(";
    for (size_t i = 0; i < row->arguments.least; ++i) {
      const Argument& argument = row->argument(i);
      if (i != 0) call += ", ";
      call += argument.pass == Pass::kType           ? "Patient"
              : argument.expect == Expect::kString   ? "'a'"
              : argument.expect == Expect::kAnything ? "true"
                                                     : "1";
    }
    const Evaluated got = evaluate(call + ")");
    EXPECT_FALSE(got.failed()) << call << ": " << got.text;
    ++count;
  }
  EXPECT_GE(count, 90U);
}

TEST(FunctionTableTest, EveryRowChecksTheNumberOfItsArguments) {
  for (const std::string_view name : function_names()) {
    const FunctionRow* const row = find_function(name);
    std::string call = "x." + std::string(name) + "(1";
    for (int i = 0; i < row->arguments.most; ++i) call += ", 1";
    const Evaluated got = evaluate(call + ")");
    EXPECT_TRUE(got.failed()) << call;
    EXPECT_EQ(got.caret, 2U) << call;
    if (row->arguments.least > 0) {
      EXPECT_TRUE(evaluate("x." + std::string(name) + "()").failed()) << name;
    }
  }
}

}  // namespace
}  // namespace kiln::fhirpath
