// What compiling costs: it has a budget, and what is nested does not double it.
#include "fhirpath/demand.h"

#include "fhirpath/evaluated_for_test.h"

namespace kiln::fhirpath {
namespace {

/// An error's code and caret, or the steps that it took.
struct Outcome {
  std::optional<base::ErrorCode> code;
  size_t caret = 0;
  uint64_t steps = 0;
};

Outcome compile_with(base::Work& work, const std::string& expression, std::string_view resource) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  BindContext context{model};
  context.resource = model.find_resource(resource);
  context.work = &work;
  const auto ast = parse_expression(expression);
  EXPECT_TRUE(ast.ok()) << expression;
  auto bound = bind_expression(**ast, expression, context, ExprType::of(context.resource));
  if (!bound.ok()) return {bound.error().code(), bound.error().caret(), work.done()};
  json::ShapeBuilder shapes;
  Demand demand(model, shapes, work);
  const auto cursors = demand.add(*bound->tree, expression, demand.root(), Need());
  if (!cursors.ok()) return {cursors.error().code(), cursors.error().caret(), work.done()};
  return {std::nullopt, 0, work.done()};
}

Outcome compile_of(const std::string& expression,
                   std::string_view resource = "QuestionnaireResponse") {
  base::Work work(kMostCompileSteps);
  return compile_with(work, expression, resource);
}

std::string nested(std::string_view before, std::string_view inside, std::string_view after,
                   int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += before;
  text += inside;
  for (int i = 0; i < times; ++i) text += after;
  return text;
}

TEST(CompileCostTest, NestingDoesNotDouble) {
  for (const auto& [before, inside, after] :
       {std::tuple("repeat(", "item", ")"), std::tuple("item.repeat(", "item", ")"),
        std::tuple("repeat(item | ", "item", ")"),
        std::tuple("repeat(item.answer.item | ", "item", ")"),
        std::tuple("repeatAll(", "item", ")"), std::tuple("iif(true, ", "item", ", item)"),
        std::tuple("item.where(", "true", ".exists())"), std::tuple("(", "item", " | item)"),
        std::tuple("item.select(", "item", ")"), std::tuple("item.all(", "true", ")"),
        std::tuple("repeat(iif(true, ", "item", ", item))")}) {
    // Twice as deep may be four times the work, not two to the power of it.
    const Outcome ten = compile_of(nested(before, inside, after, 10));
    const Outcome forty = compile_of(nested(before, inside, after, 40));
    EXPECT_FALSE(ten.code) << before;
    EXPECT_FALSE(forty.code) << before;
    EXPECT_LT(forty.steps, 100'000U) << before;
  }
}

TEST(CompileCostTest, ChoicesBelowChoicesAreRefused) {
  std::string path = "Patient.extension";
  EXPECT_FALSE(compile_of(path + ".value", "Patient").code);
  for (int i = 0; i < 6; ++i) path += ".value.extension";
  const Outcome got = compile_of(path, "Patient");
  EXPECT_EQ(got.code, base::ErrorCode::kLimit);
  EXPECT_GT(got.caret, 0U);
  EXPECT_LT(got.caret, path.size());
}

TEST(CompileCostTest, OneStepTooFewIsAnError) {
  const std::string expression = "item.repeat(item | answer.item).where(linkId = '1').text";
  const uint64_t needed = compile_of(expression).steps;
  for (const uint64_t limit : {needed - 1, needed, needed + 1}) {
    base::Work work(limit);
    const Outcome got = compile_with(work, expression, "QuestionnaireResponse");
    EXPECT_EQ(got.code.has_value(), limit < needed);
    EXPECT_EQ(got.code.value_or(base::ErrorCode::kLimit), base::ErrorCode::kLimit);
  }
}

TEST(CompileCostTest, AStopEndsIt) {
  std::stop_source source;
  source.request_stop();
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  const auto got = compile_expression("1 + 1", BindContext{model}, source.get_token());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), base::ErrorCode::kCancelled);
}

}  // namespace
}  // namespace kiln::fhirpath
