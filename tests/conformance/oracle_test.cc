// Compiled programs on pruned tapes against the plain evaluator on whole documents, and the SIMD
// targets against each other, over random resources and expressions.
#include "tests/conformance/oracle.h"

#include <gtest/gtest.h>

#include "tests/conformance/pruned.h"
#include "tests/conformance/random_fhir.h"

namespace kiln::conformance {
namespace {

class OracleTest : public testing::TestWithParam<std::string> {};

TEST_P(OracleTest, PrunedProgramsAgreeWithThePlainEvaluator) {
  const std::string& type_name = GetParam();
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  const fhir::TypeId type = model.find_resource(type_name);
  size_t not_empty = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    RandomFhir random(model, seed);
    const std::string text = random.expression(type_name);
    const auto prepared = prepare(text, model, type);
    ASSERT_TRUE(prepared.ok()) << "seed " << seed << ": " << text << "\n"
                               << prepared.error().to_string();
    for (int i = 0; i < 5; ++i) {
      const std::string resource = random.resource(type_name);
      const std::string line = resource + "\n" + std::string(json::kPadding, '\0');
      const auto document = json::Document::parse(resource, "resource");
      ASSERT_TRUE(document.ok()) << document.error().to_string() << "\n" << resource;
      const auto expected = evaluate_plainly(*prepared->ast, model, type, (*document)->root());
      if (!expected.empty()) ++not_empty;
      std::string first_tape;
      for (const json::Scanner& scanner : json::Scanner::all()) {
        json::LineParser parser(*prepared->shape, scanner);
        const json::LineResult parsed = parser.parse(type_name, line.data());
        ASSERT_EQ(parsed.kind, json::LineResult::Kind::kResource)
            << "seed " << seed << " on " << scanner.target << ": " << text << ": " << parsed.error
            << " at " << parsed.stop - line.data() << "\n"
            << resource;
        EXPECT_EQ(evaluate(*prepared, model, type, parser.tape()), expected)
            << "seed " << seed << " on " << scanner.target << ": " << text << "\n"
            << resource;
        if (first_tape.empty()) first_tape = describe(parser.tape());
        EXPECT_EQ(describe(parser.tape()), first_tape) << scanner.target << "\n" << resource;
      }
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(not_empty, 400U) << "the random data hardly ever meets the expressions";
}

INSTANTIATE_TEST_SUITE_P(Types, OracleTest,
                         testing::Values("Patient", "Observation", "Questionnaire", "Claim",
                                         "Encounter", "Task"));

}  // namespace
}  // namespace kiln::conformance
