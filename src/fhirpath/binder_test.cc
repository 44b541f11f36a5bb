// Names, types and cardinalities, and the errors of views and of kiln fhirpath --strict.
#include "fhirpath/binder.h"

#include "fhirpath/evaluated_for_test.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

const fhir::Model& r4() { return fhir::Model::of(fhir::Version::kR4); }

struct Outcome {
  std::string type;  ///< "HumanName 0..*", or "" on an error
  std::string message;
  size_t caret = 0;
  std::string suggestion;
  std::vector<std::string> warnings;
  std::vector<size_t> warning_offsets;
};

Outcome bound_of(std::string_view expression, Strictness strictness = Strictness::kView,
                 std::string_view resource = "Patient", const Constants* constants = nullptr) {
  BindContext context{r4()};
  context.strictness = strictness;
  context.resource = r4().find_resource(resource);
  context.constants = constants;
  context.row_index = true;
  Outcome result;
  const auto ast = parse_expression(expression);
  EXPECT_TRUE(ast.ok()) << expression;
  const auto bound = bind_expression(**ast, expression, context, ExprType::of(context.resource));
  if (!bound.ok()) {
    EXPECT_EQ(bound.error().excerpt(), expression);
    result.message = bound.error().message();
    result.caret = bound.error().caret();
    result.suggestion = bound.error().suggestion();
    return result;
  }
  const ExprType& type = bound->tree->type;
  result.type =
      type.is_empty() ? "nothing" : describe(r4(), type) + (type.single ? " 0..1" : " 0..*");
  for (const Warning& warning : bound->warnings) {
    result.warnings.push_back(warning.message);
    result.warning_offsets.push_back(warning.span.begin);
  }
  return result;
}

void expect_types(std::string_view resource, const std::vector<ExpressionCase>& cases) {
  for (const auto& [expression, expected] : cases) {
    const Outcome got = bound_of(expression, Strictness::kView, resource);
    EXPECT_EQ(got.type, expected) << expression << ": " << got.message;
    EXPECT_TRUE(got.warnings.empty()) << expression << ": " << got.warnings.front();
  }
}

void expect_error(std::string_view expression, size_t caret, std::string_view word,
                  std::string_view suggestion = "", Strictness strictness = Strictness::kView,
                  std::string_view resource = "Patient") {
  const Outcome got = bound_of(expression, strictness, resource);
  EXPECT_EQ(got.type, "") << expression;
  EXPECT_EQ(got.caret, caret) << expression << ": " << got.message;
  EXPECT_NE(got.message.find(word), std::string::npos) << expression << ": " << got.message;
  EXPECT_EQ(got.suggestion, suggestion) << expression;
}

TEST(BinderTest, ElementsHaveTypesAndCardinalities) {
  expect_types("Patient", {{"id", "id 0..1"},
                           {"name", "HumanName 0..*"},
                           {"name.family", "string 0..*"},
                           {"name.first().family", "string 0..1"},
                           {"name[0].given", "string 0..*"},
                           {"name[0].given[0]", "string 0..1"},
                           {"contact.name.family", "string 0..*"},
                           {"deceased", "boolean or dateTime 0..1"},
                           {"deceased.ofType(dateTime)", "dateTime 0..1"},
                           {"(deceased as boolean)", "boolean 0..1"},
                           {"name.where(use = 'usual')", "HumanName 0..*"},
                           {"name.exists()", "Boolean 0..1"},
                           {"name.count()", "Integer 0..1"},
                           {"extension('u').value.ofType(string)", "string 0..*"},
                           {"Patient.birthDate", "date 0..1"},
                           {"$this", "Patient 0..1"},
                           {"%resource.id", "id 0..1"},
                           {"%rowIndex", "Integer 0..1"},
                           {"contained", "Resource 0..*"},
                           {"contained.ofType(Group).actual", "boolean 0..*"}});
}

TEST(BinderTest, FunctionsAndOperatorsHaveTypes) {
  expect_types("Observation", {{"value.ofType(Quantity).value", "decimal 0..1"},
                               {"value.ofType(Quantity).value + 1", "Decimal 0..1"},
                               {"1 + 1", "Integer 0..1"},
                               {"1 / 2", "Decimal 0..1"},
                               {"'a' & 'b'", "String 0..1"},
                               {"@2024 + 1 day", "Date 0..1"},
                               {"1.lowBoundary()", "Decimal 0..1"},
                               {"iif(true, 1, 'a')", "Integer or String 0..1"},
                               {"1 | 'a'", "Integer or String 0..*"},
                               {"component.select(code)", "CodeableConcept 0..*"},
                               {"code.coding.code.join(',')", "String 0..1"},
                               {"subject.getReferenceKey(Patient)", "String 0..1"},
                               {"performer.getReferenceKey()", "String 0..*"},
                               {"getResourceKey()", "String 0..1"},
                               {"5 'mg'", "Quantity 0..1"},
                               {"now()", "DateTime 0..1"},
                               {"{}", "nothing"}});
}

TEST(BinderTest, UnknownElementsAreErrorsWithANearName) {
  expect_error("birthDat", 0, "'birthDat' of Patient", "birthDate");
  expect_error("name.famly", 5, "'famly' of HumanName", "family");
  expect_error("name.where(usee = 'x')", 11, "'usee' of HumanName", "use");
  expect_error("name.select(given | famliy)", 20, "'famliy'", "family");
  expect_error("contact.nme.family", 8, "'nme'", "name");
  expect_error("zzzzzz", 0, "'zzzzzz' of Patient", "");
}

/// A warning at the place that names the right path; an error if strict.
void expect_json_name(std::string_view expression, std::string_view resource, std::string_view type,
                      size_t caret, std::string_view right) {
  const Outcome got = bound_of(expression, Strictness::kView, resource);
  EXPECT_EQ(got.type, type) << expression << ": " << got.message;
  ASSERT_EQ(got.warnings.size(), 1U) << expression;
  EXPECT_NE(got.warnings[0].find(right), std::string::npos) << got.warnings[0];
  EXPECT_EQ(got.warning_offsets[0], caret) << expression;
  expect_error(expression, caret, right, right, Strictness::kStrict, resource);
}

TEST(BinderTest, TheJsonNameOfAChoiceIsAWarningWithThePath) {
  expect_json_name("valueQuantity.value", "Observation", "decimal 0..1", 0,
                   "value.ofType(Quantity)");
  expect_json_name("deceasedBoolean", "Patient", "boolean 0..1", 0, "deceased.ofType(boolean)");
  expect_json_name("contained.onsetDateTime", "Patient", "dateTime 0..*", 10,
                   "onset.ofType(dateTime)");
}

TEST(BinderTest, ResourceTypeIsAWarningWithTheTypeThatWasMeant) {
  expect_json_name("entry.resource.where(resourceType = 'Patient')", "Bundle", "Resource 0..*", 21,
                   "ofType(Patient)");
  expect_json_name("entry.resource.where('Patient' = resourceType)", "Bundle", "Resource 0..*", 33,
                   "ofType(Patient)");
  expect_json_name("generalPractitioner.resolve().where(resourceType = 'Practitioner')", "Patient",
                   "any type 0..*", 36, "ofType(Practitioner)");
  expect_json_name("resourceType", "Patient", "String 0..1", 0, "type().name");
  expect_error("name.where(resourceType = 'Patient')", 11, "'resourceType' of HumanName");
}

TEST(BinderTest, NamesOfTheJsonHaveTheirValue) {
  const std::string_view bundle =
      R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}},)"
      R"({"resource":{"resourceType":"Condition","id":"2","onsetDateTime":"2024-01-01"}}]})";
  for (const Strictness strictness : {Strictness::kLenient, Strictness::kView}) {
    EvaluateOptions options;
    options.strictness = strictness;
    EXPECT_EQ(evaluate("entry.resource.where(resourceType = 'Patient').id", bundle, options).text,
              "id 1");
    EXPECT_EQ(evaluate("entry.resource.resourceType", bundle, options).text,
              "string Patient, string Condition");
    EXPECT_EQ(evaluate("entry.resource.onsetDateTime", bundle, options).text,
              "dateTime 2024-01-01");
    EXPECT_EQ(evaluate("resourceType", bundle, options).text, "string Bundle");
  }
}

TEST(BinderTest, ANumberBesideAQuantityIsSuspicious) {
  EXPECT_EQ(
      bound_of("value.ofType(Quantity) > 100", Strictness::kView, "Observation").warnings.size(),
      1U);
  EXPECT_EQ(
      bound_of("value.ofType(Quantity) = 100", Strictness::kView, "Observation").warnings.size(),
      1U);
  EXPECT_TRUE(bound_of("value.ofType(Quantity).value > 100", Strictness::kView, "Observation")
                  .warnings.empty());
}

TEST(BinderTest, AnotherResourceTypeAtTheHeadIsAnError) {
  expect_error("Observation.status", 0, "evaluated on Patient, not on Observation");
}

TEST(BinderTest, LenientBindingTakesUnknownElementsAsEmpty) {
  EXPECT_EQ(bound_of("birthDat", Strictness::kLenient).type, "nothing");
  EXPECT_EQ(bound_of("name.famly.x.y", Strictness::kLenient).type, "nothing");
  // A function that does not exist is an error everywhere.
  EXPECT_EQ(bound_of("name.foo()", Strictness::kLenient).message, "unknown function: foo()");
}

TEST(BinderTest, AnElementOfAPrimitiveIsSuspiciousInViewsAndAnErrorIfStrict) {
  const Outcome view = bound_of("birthDate.day");
  EXPECT_EQ(view.type, "nothing");
  ASSERT_EQ(view.warnings.size(), 1U);
  EXPECT_EQ(view.warning_offsets[0], 10U);
  expect_error("birthDate.day", 10, "'day' of date", "", Strictness::kStrict);
}

TEST(BinderTest, FunctionsAreCheckedByNameAndNumberOfArguments) {
  expect_error("name.frist()", 5, "unknown function: frist()", "first");
  expect_error("name.first(1)", 5, "first() takes no argument, got 1");
  expect_error("name.where()", 5, "where() takes 1 argument, got 0");
  expect_error("id.substring()", 3, "substring() takes 1 to 2 arguments, got 0");
  expect_error("iif(true)", 0, "iif() takes 2 to 3 arguments, got 1");
  expect_error("id.`[]`(1)", 3, "unknown function");
}

TEST(BinderTest, InputsAndArgumentsMustFit) {
  expect_error("name.upper()", 5, "upper: expected a String, got HumanName");
  expect_error("active.startsWith('a')", 7, "expected a String, got boolean");
  expect_error("id.startsWith(1)", 14, "expected a String, got Integer");
  expect_error("name.skip('a')", 10, "expected an Integer, got String");
  expect_error("id.yearOf()", 3, "got id");
  expect_error("name.getReferenceKey()", 5, "got HumanName");
}

TEST(BinderTest, OperandsMustFit) {
  expect_error("birthDate < 'x'", 10, "cannot compare date and String",
               "a date literal such as @2024-01-31");
  expect_error("1 < 'x'", 2, "cannot compare Integer and String");
  expect_error("1 + 'x'", 2, "cannot be applied to Integer and String");
  expect_error("name + 1", 5, "cannot be applied to HumanName and Integer");
  expect_error("active * 2", 7, "cannot be applied to boolean and Integer");
}

TEST(BinderTest, EqualityThatCannotHoldIsSuspicious) {
  const Outcome got = bound_of("id.exists() and birthDate = 5");
  EXPECT_EQ(got.type, "Boolean 0..1");
  ASSERT_EQ(got.warnings.size(), 1U);
  EXPECT_EQ(got.warning_offsets[0], 26U);
  EXPECT_NE(got.warnings[0].find("never equal: date and Integer"), std::string::npos);
  EXPECT_TRUE(bound_of("gender = 'male'").warnings.empty());
}

TEST(BinderTest, TypesAreCheckedByName) {
  expect_error("deceased is Patiend", 9, "unknown type: Patiend", "Patient");
  expect_error("name.ofType(Coding)", 5, "HumanName is never a Coding");
  expect_error("name.ofType(1)", 12, "expected the name of a type");
  expect_error("deceased.ofType(System.Strin)", 23, "unknown type: System.Strin");
  EXPECT_EQ(bound_of("name is HumanName").type, "Boolean 0..1");
  EXPECT_EQ(bound_of("deceased.ofType(FHIR.boolean)").type, "boolean 0..1");
}

TEST(BinderTest, OrderMattersOnlyIfStrict) {
  EXPECT_EQ(bound_of("children().first()").message, "");
  expect_error("children().first()", 11, "no order", "", Strictness::kStrict);
  expect_error("children().skip(1)", 11, "no order", "", Strictness::kStrict);
}

TEST(BinderTest, ConstantsHaveTheirTypes) {
  const Constants constants = {{"code", {r4().find_type("code"), "x"}},
                               {"day", {r4().find_type("date"), "2024-02-29"}},
                               {"n", {r4().find_type("positiveInt"), "7"}},
                               {"bad", {r4().find_type("integer"), "7.5"}},
                               {"moment", {r4().find_type("instant"), "tomorrow"}}};
  const auto with = [&](std::string_view expression) {
    return bound_of(expression, Strictness::kView, "Patient", &constants);
  };
  EXPECT_EQ(with("%code").type, "String 0..1");
  EXPECT_EQ(with("%day").type, "Date 0..1");
  EXPECT_EQ(with("%n").type, "Integer 0..1");
  EXPECT_EQ(with("birthDate < %day").type, "Boolean 0..1");
  EXPECT_EQ(with("1 + %bad").message, "not an Integer: 7.5");
  EXPECT_EQ(with("1 + %bad").caret, 4U);
  EXPECT_EQ(with("%moment").message, "not a DateTime: tomorrow");
  EXPECT_EQ(with("%cod").message, "unknown constant: %cod");
  EXPECT_EQ(with("%cod").suggestion, "%code");
}

TEST(BinderTest, WellKnownConstants) {
  EXPECT_EQ(evaluate("%sct").text, "string http://snomed.info/sct");
  EXPECT_EQ(evaluate("%ucum").text, "string http://unitsofmeasure.org");
  EXPECT_EQ(evaluate("%`vs-x`").text, "string http://hl7.org/fhir/ValueSet/x");
  EXPECT_EQ(evaluate("%`ext-x`").text, "string http://hl7.org/fhir/StructureDefinition/x");
  // Only views have rows.
  EXPECT_TRUE(evaluate("%rowIndex").failed());
}

TEST(BinderTest, TotalsAreThoseOfAggregate) {
  EXPECT_EQ(bound_of("name.aggregate($total + 1, 0)").message, "");
  EXPECT_EQ(bound_of("name.aggregate(given.select($total), 0)").message, "");
  expect_error("name.trace('x', $total)", 16, "$total is only known inside aggregate()");
}

TEST(BinderTest, NumbersThatDoNotFit) {
  EXPECT_EQ(bound_of("2147483647").type, "Integer 0..1");
  EXPECT_EQ(bound_of("2147483648").type, "Decimal 0..1");
  EXPECT_EQ(bound_of("99999999999999999999").type, "Decimal 0..1");
  expect_error("1 + 99999999999999999999L", 4, "not a Long");
  expect_error("@2024-13-01", 0, "not a Date: 2024-13-01");
  expect_error("@T25:00", 0, "not a Time: 25:00");
}

TEST(DescribeTest, TreesHaveTypesOffsetsAndInputs) {
  BindContext context{r4()};
  context.resource = r4().find_resource("Patient");
  const auto tree = describe_tree("name.given.first()", context);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(
      *tree,
      R"({"kind":"function","name":"first","type":"string","cardinality":"0..1","at":11,)"
      R"("input":{"kind":"element","name":"given","type":"string","cardinality":"0..*","at":5,)"
      R"("input":{"kind":"element","name":"name","type":"HumanName","cardinality":"0..*","at":0}}})");
  EXPECT_FALSE(describe_tree("name.", context).ok());
  EXPECT_FALSE(describe_tree("nme", context).ok());
}

}  // namespace
}  // namespace kiln::fhirpath
