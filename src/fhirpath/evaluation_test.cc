// What bounds an evaluation, and where its errors point.
#include <tuple>

#include "fhirpath/evaluated_for_test.h"
#include "fhirpath/pattern.h"

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

/// The fewest steps with which the expression has a result.
uint64_t steps_of(std::string_view expression, std::string_view resource = "") {
  uint64_t below = 0;
  uint64_t enough = 1 << 24;
  while (enough - below > 1) {
    const uint64_t middle = (below + enough) / 2;
    EvaluateOptions options = with_steps(middle);
    options.limits.steps_per_node = 0;
    (evaluate(expression, resource, options).failed() ? below : enough) = middle;
  }
  return enough;
}

// 0.3, 1.5 'mg' and others of each kind of value, some of them equal though written otherwise.
constexpr std::string_view kMixed =
    "(1 | 1.0 | 2 | 'a' | 'b' | true | 3 'mg' | 0.003 'g' | 5 days | @2024-01-01 | "
    "@2024-01-01T10:00:00Z | @2024-01-01T12:00:00+02:00 | @T10:00 | 0.5)";

TEST(LimitsTest, OneStepTooFewIsAnErrorWhateverIsDone) {
  const std::string many = "1.repeat(iif($this < 20, $this + 1, {}))";
  const std::string mixed(kMixed);
  const std::string text = "'Hällo Wörld, hällo wörld'";
  for (const std::string& expression :
       std::vector<std::string>{"1 + 1",
                                many + ".count()",
                                many + ".exclude(" + many + ").empty()",
                                many + ".intersect(" + many + ").count()",
                                many + ".union(5 | 30).count()",
                                many + ".subsetOf(" + many + ")",
                                many + ".supersetOf(2 | 3)",
                                many + ".combine(" + many + ").distinct().count()",
                                many + ".isDistinct()",
                                many + ".combine(5).isDistinct()",
                                "5 in " + many,
                                many + " contains 30",
                                many + " = " + many,
                                many + " ~ " + many,
                                mixed + " ~ " + mixed,
                                mixed + ".exclude(" + mixed + ").count()",
                                many + ".sort(-$this).first()",
                                many + ".where($this > 4).count()",
                                many + ".select($this * 2).count()",
                                many + ".all($this > 0)",
                                many + ".exists($this > 10)",
                                many + ".tail().last()",
                                many + ".aggregate($total + $this, 0)",
                                many + ".select(toString()).join(',')",
                                text + ".upper()",
                                text + ".lower().contains('wörld')",
                                text + ".indexOf('W')",
                                text + ".lastIndexOf('l')",
                                text + ".replace('l', 'LL')",
                                text + ".replace('', '-')",
                                text + ".matches('w.*d')",
                                text + ".replaceMatches('l+', '<$0>')",
                                text + ".split(' ').count()",
                                text + ".toChars().count()",
                                text + ".trim().length()",
                                text + ".encode('base64').decode('base64')",
                                text + ".encode('hex')",
                                text + ".escape('html').unescape('html')",
                                text + ".escape('json').unescape('json')",
                                text + ".substring(3, 4)",
                                text + " ~ " + text,
                                text + " & " + text,
                                text + " + " + text,
                                "'12.50'.toDecimal().lowBoundary()",
                                "'4 days'.toQuantity()",
                                "4 'mg' > 3 'g'",
                                "descendants().count()",
                                "children().count()",
                                "name.given.count()",
                                "repeat(name | given).count()",
                                "name.distinct().count()",
                                "name = name",
                                "name ~ name.where(true)",
                                "descendants().distinct().count()"}) {
    const std::string_view patient =
        R"({"resourceType":"Patient","active":true,"name":[{"family":"A\n","given":["B","C"]},)"
        R"({"family":"A\n","given":["B","C"]},{"given":["D"]}]})";
    EvaluateOptions options;
    options.limits.steps_per_node = 0;
    const Evaluated whole = evaluate(expression, patient, options);
    ASSERT_FALSE(whole.failed()) << expression << ": " << whole.text;
    const uint64_t needed = steps_of(expression, patient);
    EXPECT_LT(needed, 40'000U) << expression;
    for (const uint64_t steps : {needed - 1, needed, needed + 1, needed / 2, needed / 3}) {
      options.limits.steps = steps;
      const Evaluated got = evaluate(expression, patient, options);
      if (steps < needed) {
        EXPECT_EQ(got.code, base::ErrorCode::kLimit) << expression << ": " << got.text;
      } else {
        EXPECT_EQ(got.text, whole.text) << expression;
      }
    }
  }
}

TEST(LimitsTest, SetsAreLinear) {
  // As nested loops each of these would take four million steps and more.
  const std::string many = "1.repeat(iif($this < 2000, $this + 1, {}))";
  const std::string texts = many + ".select(toString())";
  const std::string amounts = many + ".select($this.toQuantity())";
  for (const std::string& items : {many, texts, amounts}) {
    for (const std::string& operation : std::vector<std::string>{
             ".exclude(" + items + ").empty()", ".intersect(" + items + ").exists()",
             ".subsetOf(" + items + ")", ".supersetOf(" + items + ")", ".isDistinct()",
             ".distinct().exists()", ".union(" + items + ").exists()"}) {
      const Evaluated got = evaluate(items + operation, "", with_steps(400'000));
      EXPECT_EQ(got.text, "boolean true") << items << operation;
    }
  }
}

TEST(LimitsTest, StepsGrowWithTheResource) {
  std::string patient = R"({"resourceType":"Patient","name":[{"family":"a"})";
  for (int i = 0; i < 400; ++i) patient += R"(,{"family":"a"})";
  patient += "]}";
  EvaluateOptions options = with_steps(100);
  EXPECT_EQ(evaluate("descendants().count()", patient, options).text, "integer 802");
  options.limits.steps_per_node = 0;
  EXPECT_EQ(evaluate("descendants().count()", patient, options).code, base::ErrorCode::kLimit);
}

TEST(LimitsTest, DescendantsAreCountedOnce) {
  // A list of children that is counted again for each parent would be some 20 million steps.
  std::string patient = R"({"resourceType":"Patient","name":[{"family":"a"})";
  for (int i = 0; i < 3000; ++i) patient += R"(,{"family":"a","given":["b"]})";
  patient += "]}";
  EXPECT_LT(steps_of("descendants().count()", patient), 100'000U);
}

TEST(LimitsTest, AStopIsSeenByEveryKernel) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  std::stop_source source;
  source.request_stop();
  const auto compiled = compile_expression("1 = 1", BindContext{model});
  ASSERT_TRUE(compiled.ok());
  Evaluation evaluation(model);
  evaluation.set_stop(source.get_token());
  json::Tape tape;
  evaluation.begin(tape, fhir::kNoType);
  Collection out;
  EXPECT_FALSE(evaluation.run(compiled->program, evaluation.root(), out));
  EXPECT_FALSE(evaluation.step()) << "a refusal lasts";
  EXPECT_EQ(evaluation.take_error().code(), base::ErrorCode::kCancelled);
}

TEST(LimitsTest, TextsMayBeAsLongAsTheyMayBe) {
  EvaluateOptions options;
  options.limits.string_size = 4;
  for (const auto& [shorter, fits, longer] :
       {std::tuple("'a' & 'bc'", "'ab' & 'cd'", "'ab' & 'cde'"),
        std::tuple("'a' + 'bc'", "'ab' + 'cd'", "'ab' + 'cde'"),
        std::tuple("('a' | 'b').join('-')", "('a' | 'bc').join('-')", "('a' | 'bcd').join('-')"),
        std::tuple("'ab'.replace('b', 'bc')", "'ab'.replace('b', 'bcd')",
                   "'ab'.replace('b', 'bcde')"),
        std::tuple("'a'.replace('', 'b')", "'ab'.replace('', '')", "'ab'.replace('', 'c')"),
        std::tuple("'ab'.replaceMatches('b', 'bc')", "'ab'.replaceMatches('b', 'bcd')",
                   "'ab'.replaceMatches('b', 'bcde')"),
        std::tuple("'a'.encode('hex')", "'ab'.encode('hex')", "'abc'.encode('hex')"),
        std::tuple("'a'.encode('base64')", "'abc'.encode('base64')", "'abcd'.encode('base64')"),
        std::tuple("'a'.upper()", "'abcd'.upper()", "'abcde'.upper()"),
        std::tuple("'a'.escape('html')", "'<'.escape('html')", "'<a'.escape('html')"),
        std::tuple("'a'.escape('json')", "'\n\n'.escape('json')", "'\na\n'.escape('json')")}) {
    EXPECT_FALSE(evaluate(shorter, "", options).failed()) << shorter;
    EXPECT_FALSE(evaluate(fits, "", options).failed()) << fits;
    EXPECT_EQ(evaluate(longer, "", options).code, base::ErrorCode::kLimit) << longer;
  }
}

TEST(LimitsTest, PathsMayBeLongerThanAWalk) {
  const std::string resource = [] {
    std::string text = R"({"resourceType":"Patient")";
    std::string end = "}";
    for (size_t i = 1; i <= 122; ++i) {
      text += R"(,"extension":[{"url":"u)" + std::to_string(i) + "\"";
      end = "}]" + end;
    }
    return text + end;
  }();
  for (const size_t steps : {size_t{1}, kMostPathSteps - 1, kMostPathSteps, kMostPathSteps + 1,
                             kMostPathSteps + 2, 2 * kMostPathSteps, 2 * kMostPathSteps + 1}) {
    // `steps` elements: extensions and a url.
    std::string path = "Patient";
    std::string picked = "Patient";
    for (size_t i = 1; i < steps; ++i) {
      path += ".extension";
      picked += i % 2 == 0 ? ".extension.first()" : ".extension[0]";
    }
    const std::string url = steps == 1 ? "" : "uri u" + std::to_string(steps - 1);
    EXPECT_EQ(evaluate(path + ".url", resource).text, url) << steps;
    EXPECT_EQ(evaluate(picked + ".url", resource).text, url) << steps;
    EXPECT_EQ(evaluate(picked + ".url.first()[0]", resource).text, url) << steps;
    EXPECT_EQ(evaluate(path + ".where(true).url", resource).text, url) << steps;
  }
}

TEST(LimitsTest, APositionCountsOverAllPiecesOfALongPath) {
  // The last step of the second piece has two items, in two parents.
  std::string path = "extension";
  std::string text = R"({"resourceType":"Patient")";
  std::string end = "}";
  for (size_t i = 1; i < kMostPathSteps; ++i) {
    text += R"(,"extension":[{"url":"u")";
    end = "}]" + end;
    if (i > 1) path += ".extension";
  }
  text +=
      R"(,"extension":[{"url":"a","extension":[{"url":"b"}]},{"url":"c","extension":[{"url":"d"},{"url":"e"}]}])";
  text += end;
  path += ".extension.extension";
  EXPECT_EQ(evaluate(path + ".url", text).text, "uri b, uri d, uri e");
  EXPECT_EQ(evaluate(path + "[1].url", text).text, "uri d");
  EXPECT_EQ(evaluate(path + ".first().url", text).text, "uri b");
}

TEST(LimitsTest, PatternsAreCompiledAgainWhenThereAreMany) {
  for (const int count : {63, 64, 65, 130}) {
    std::string all = "(1";
    for (int i = 2; i <= count; ++i) all += " | " + std::to_string(i);
    all += ").where(('x' & toString() & 'y').matches('^x' & toString() & 'y$'))";
    EXPECT_EQ(evaluate(all + ".count()").text, "integer " + std::to_string(count));
  }
}

TEST(LimitsTest, PatternsHaveALength) {
  const auto with_pattern = [](size_t size) {
    return "'x'.matches('" + std::string(size, 'x') + "')";
  };
  EXPECT_EQ(evaluate(with_pattern(kMostPatternSize - 1)).text, "boolean false");
  EXPECT_EQ(evaluate(with_pattern(kMostPatternSize)).text, "boolean false");
  const Evaluated got = evaluate(with_pattern(kMostPatternSize + 1));
  EXPECT_EQ(got.code, base::ErrorCode::kLimit);
  EXPECT_EQ(got.caret, 4U);
}

TEST(LimitsTest, OneSearchHasACost) {
  // A text as long as allowed, one byte less and one byte more; the program's size is what divides.
  const auto fails = [](size_t size) {
    const std::string patient =
        R"({"resourceType":"Patient","id":")" + std::string(size, 'a') + "\"}";
    const Evaluated got = evaluate("id.matches('b')", patient);
    EXPECT_TRUE(got.text == "boolean false" || got.code == base::ErrorCode::kLimit) << got.text;
    return got.failed();
  };
  size_t fits = 1;
  size_t too_long = kMostSearchCost + 1;
  while (too_long - fits > 1) {
    const size_t middle = (fits + too_long) / 2;
    (fails(middle) ? too_long : fits) = middle;
  }
  const uint64_t instructions = kMostSearchCost / fits;
  EXPECT_LE(instructions * fits, kMostSearchCost);
  EXPECT_GT(instructions * too_long, kMostSearchCost);
  EXPECT_FALSE(fails(fits - 1));
}

TEST(LimitsTest, SearchingIsLinear) {
  // Half a million bytes, looked for in a million: each start matches all but the last one.
  const std::string a = "1.repeat(iif($this < 20, $this + 1, {})).aggregate($total + $total, 'a')";
  const std::string half =
      "1.repeat(iif($this < 19, $this + 1, {})).aggregate($total + $total, 'a')";
  expect_all("", {{a + ".contains(" + half + " + 'b')", "boolean false"},
                  {a + ".indexOf(" + half + " + 'b')", "integer -1"},
                  {a + ".lastIndexOf('b' + " + half + ")", "integer -1"},
                  {a + ".replace(" + half + " + 'b', 'x').length()", "integer 524288"},
                  {a + ".split(" + half + " + 'b').count()", "integer 1"},
                  {a + ".split(" + half + ").count()", "integer 3"}});
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

TEST(EvaluationTest, ValuesThatAreNotOfTheirTypeAreErrorsWhereTheyAreRead) {
  const std::string_view odd =
      R"({"resourceType":"Patient","active":"yes","birthDate":"soon","multipleBirthInteger":1.5,)"
      R"("name":"text","gender":{"a":1},"telecom":[null,{"value":null}]})";
  expect_all(odd, {{"active = true", "error"},
                   {"active.not()", "error"},
                   {"birthDate > @2020", "error"},
                   {"multipleBirth + 1", "error"},
                   {"name.family", "error"},
                   {"gender = 'male'", "error"},
                   {"gender.exists()", "boolean true"},
                   {"true or active", "boolean true"},
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

TEST(EvaluationTest, AQuantityWithoutAnAmountHasNoOrder) {
  expect_all(R"({"resourceType":"Observation","valueQuantity":{"unit":"mg"}})",
             {{"value > 1 'mg'", ""}, {"1 'mg' <= value", ""}});
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
