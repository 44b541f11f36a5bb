// What bounds an evaluation, and where its errors point.
#include "fhirpath/evaluated_for_test.h"

namespace kiln::fhirpath {
namespace {

EvaluateOptions with_steps(uint64_t steps) {
  EvaluateOptions options;
  options.limits.steps = steps;
  return options;
}

TEST(LimitsTest, EndlessExpressionsEnd) {
  for (const std::string_view expression :
       {"1.repeat($this + 1)", "1.repeatAll($this)", "(1 | 2).repeatAll($this | 3)",
        "'a'.repeat($this & 'a')", "1.repeatAll($this).count()"}) {
    const Evaluated got = evaluate(expression, "", with_steps(100'000));
    EXPECT_EQ(got.code, base::ErrorCode::kLimit) << expression << ": " << got.text.substr(0, 100);
    EXPECT_EQ(got.excerpt, expression);
  }
}

TEST(LimitsTest, NestedLoopsAreCounted) {
  std::string items = "(1";
  for (int i = 2; i <= 20; ++i) items += " | " + std::to_string(i);
  items += ")";
  const std::string cubed =
      items + ".select(" + items + ").select(" + items + ".where($this > 0)).count()";
  EXPECT_EQ(evaluate(cubed, "", with_steps(100'000)).code, base::ErrorCode::kLimit);
  EXPECT_EQ(evaluate(cubed).text, "integer 8000");
}

TEST(LimitsTest, DistinctOfManyIsCounted) {
  const std::string many = "1.repeat(iif($this < 3000, $this + 1, {}))";
  EXPECT_EQ(evaluate(many + ".distinct().count()", "", with_steps(200'000)).code,
            base::ErrorCode::kLimit);
  EXPECT_EQ(evaluate(many + ".count()").text, "integer 2999");
}

TEST(LimitsTest, MemoryIsBounded) {
  EvaluateOptions options;
  options.limits.memory = 1 << 20;
  const Evaluated got = evaluate("1.repeatAll($this)", "", options);
  EXPECT_EQ(got.code, base::ErrorCode::kLimit);
  EXPECT_NE(got.text.find("memory"), std::string::npos) << got.text;
}

TEST(LimitsTest, EachResourceHasTheWholeAllowance) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  BindContext context{model};
  const auto compiled =
      compile_expression("1.repeat(iif($this < 200, $this + 1, {})).count()", context);
  ASSERT_TRUE(compiled.ok());
  Limits limits;
  limits.steps = 40'000;
  Evaluation evaluation(model, {}, limits);
  json::Shape shape({json::ShapeNode()}, nullptr);
  json::LineParser parser(shape);
  for (int i = 0; i < 20; ++i) {
    evaluation.begin(parser.tape(), fhir::kNoType);
    Collection out;
    ASSERT_TRUE(evaluation.run(compiled->program, evaluation.root(), out)) << "resource " << i;
  }
}

TEST(EvaluationTest, ErrorsPointIntoTheExpression) {
  struct {
    std::string_view expression;
    size_t caret;
  } const cases[] = {{"1 + ('a' | 'b').single().length()", 16},
                     {"(1 | 2) + 3", 8},
                     {"name.given.single()", 11},
                     {"name.where(given.single() = 'A')", 17},
                     {"active and name.given.upper() = 'A'", 22},
                     {"'x'.matches('[')", 4}};
  for (const auto& one : cases) {
    const Evaluated got = evaluate(one.expression, R"({"resourceType":"Patient","active":true,)"
                                                   R"("name":[{"given":["A","B"]}]})");
    EXPECT_TRUE(got.failed()) << one.expression << ": " << got.text;
    EXPECT_EQ(got.excerpt, one.expression);
    EXPECT_EQ(got.caret, one.caret) << one.expression << ": " << got.text;
  }
}

TEST(EvaluationTest, AnErrorDoesNotLastBeyondItsResource) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  BindContext context{model};
  const auto bad = compile_expression("(1 | 2).single()", context);
  const auto good = compile_expression("1 + 1", context);
  ASSERT_TRUE(bad.ok() && good.ok());
  Evaluation evaluation(model);
  json::Tape tape;
  evaluation.begin(tape, fhir::kNoType);
  Collection out;
  EXPECT_FALSE(evaluation.run(bad->program, evaluation.root(), out));
  EXPECT_EQ(evaluation.take_error().code(), base::ErrorCode::kInvalid);
  evaluation.begin(tape, fhir::kNoType);
  ASSERT_TRUE(evaluation.run(good->program, evaluation.root(), out));
  EXPECT_EQ(out[0].integer, 2);
}

TEST(EvaluationTest, ValuesThatAreNotOfTheirTypeAreNoValues) {
  const std::string_view odd =
      R"({"resourceType":"Patient","active":"yes","birthDate":"soon","multipleBirthInteger":1.5,)"
      R"("name":"text","gender":{"a":1},"telecom":[null,{"value":null}]})";
  expect_all(odd, {{"active = true", ""},
                   {"birthDate > @2020", ""},
                   {"multipleBirth + 1", ""},
                   {"name.family", ""},
                   {"gender = 'male'", "boolean false"},
                   {"telecom.value", ""}});
}

TEST(EvaluationTest, PrimitivesKeepTheirExtensionsApart) {
  const std::string_view patient =
      R"({"resourceType":"Patient","name":[{"given":["A",null,"C"],)"
      R"("_given":[null,{"extension":[{"url":"u","valueString":"x"}]},null]}],)"
      R"("_birthDate":{"extension":[{"url":"t","valueDateTime":"2024-01-01T00:00:00Z"}]}})";
  expect_all(patient, {{"name.given.count()", "integer 3"},
                       {"name.given[1].extension('u').value", "string x"},
                       {"name.given.where(hasValue())", "string A, string C"},
                       {"birthDate.exists()", "boolean true"},
                       {"birthDate.hasValue()", "boolean false"},
                       {"birthDate.extension('t').value", "dateTime 2024-01-01T00:00:00Z"},
                       {"birthDate = @2024-01-01", ""}});
}

TEST(EvaluationTest, NumbersOfTheInputKeepTheirText) {
  expect_all(
      R"({"resourceType":"Observation","valueQuantity":{"value":1.00,"code":"mg","system":"http://unitsofmeasure.org"}})",
      {{"value.value", "decimal 1.00"},
       {"value.value.lowBoundary(3)", "decimal 0.995"},
       {"value.value.precision()", "integer 2"},
       {"value.value = 1", "boolean true"},
       {"value = 1 'mg'", "boolean true"}});
}

}  // namespace
}  // namespace kiln::fhirpath
