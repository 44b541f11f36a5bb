// The FHIRPath R4 suite through the library.
#include <gtest/gtest.h>

#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
#include "json/line_parser.h"
#include "json/minify.h"
#include "tests/conformance/suite.h"

namespace kiln::conformance {
namespace {

struct Outcome {
  bool failed = false;
  std::string error;
  std::vector<std::pair<std::string, std::string>> items;  ///< type and value
};

/// A resource as a line with the padding that the parser wants.
std::string as_line(const std::string& text) {
  std::string line;
  json::minify(text, line);
  line += '\n';
  line.append(json::kPadding, '\0');
  return line;
}

Outcome evaluate(const std::string& expression, const std::string& input, bool strict) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  const fhir::KeyNames names;
  json::ShapeNode whole;
  whole.whole = true;
  const json::Shape shape({whole}, &names);
  json::LineParser parser(shape);
  fhirpath::BindContext context{model};
  std::string line;
  if (!input.empty()) {
    line = as_line(input);
    EXPECT_EQ(parser.parse("", line.data()).kind, json::LineResult::Kind::kResource);
    context.resource = model.find_resource(json::find_resource_type(line.data()));
  }
  context.strictness = strict ? fhirpath::Strictness::kStrict : fhirpath::Strictness::kLenient;
  Outcome outcome;
  const auto compiled = fhirpath::compile_expression(expression, context);
  if (!compiled.ok()) {
    outcome.failed = true;
    outcome.error = compiled.error().to_string();
    return outcome;
  }
  fhirpath::Evaluation evaluation(model, base::SystemClock().now());
  evaluation.begin(parser.tape(), context.resource);
  fhirpath::Collection result;
  if (!evaluation.run(compiled->program, evaluation.root(), result)) {
    outcome.failed = true;
    outcome.error = evaluation.take_error().to_string();
    return outcome;
  }
  for (const fhirpath::Item& item : result) {
    const auto text = evaluation.text_of_item(item);
    outcome.items.emplace_back(evaluation.type_name_of(item),
                               text ? *text : evaluation.json_of_item(item));
  }
  return outcome;
}

/// The suite writes dates as @2024 and times as @T10:30.
std::string plain_value(std::string_view value) {
  if (value.starts_with("@T")) return std::string(value.substr(2));
  if (value.starts_with("@")) return std::string(value.substr(1));
  return std::string(value);
}

bool matches(const Outcome& outcome, json::Value test) {
  if (!test["invalid"].missing()) return outcome.failed;
  const auto expected = test["outputs"].items();
  if (outcome.failed || expected.size() != outcome.items.size()) return false;
  const bool ordered = test["ordered"].text() != "false";
  std::vector<bool> used(expected.size(), false);
  for (size_t i = 0; i < outcome.items.size(); ++i) {
    const auto& item = outcome.items[i];
    const auto same = [&](size_t j) {
      const auto& [type, value] = item;
      return !used[j] && value == plain_value(expected[j]["value"].text()) &&
             (!expected[j]["type"].is_string() || type == expected[j]["type"].text());
    };
    size_t j = ordered ? i : 0;
    while (!ordered && j < expected.size() && !same(j)) ++j;
    if (j == expected.size() || !same(j)) return false;
    used[j] = true;
  }
  return true;
}

std::string describe(const Outcome& outcome) {
  if (outcome.failed) return "error: " + outcome.error;
  std::string text;
  for (const auto& [type, value] : outcome.items) text += type + " " + value + "\n";
  return text;
}

class FhirpathCase : public testing::Test {
 public:
  explicit FhirpathCase(json::Value test) : test_(test) {}

  void TestBody() override {
    const std::string folder = shared_folder() + "/suites/fhirpath/input-r4/";
    const std::string input_name(test_["inputfile"].text());
    const std::string input = input_name.empty() ? "" : read_file(folder + input_name);
    const std::string expression(test_["expression"].text());
    const Outcome outcome = evaluate(expression, input, test_["mode"].text() == "strict");
    const bool passed = matches(outcome, test_);
    if (const auto reason = known_failure("fhirpath", std::string(test_["name"].text()))) {
      EXPECT_FALSE(passed) << "passes now: take it out of expectations.json";
      return;
    }
    EXPECT_TRUE(passed) << expression << "\nexpected: " << test_["outputs"].raw() << " "
                        << test_["invalid"].text() << "\ngot: " << describe(outcome);
  }

 private:
  json::Value test_;
};

const bool kRegistered = [] {
  const std::string shared = shared_folder();
  if (shared.empty()) return true;  // the view suite's test says so
  static const json::DocumentPtr kSuite = read_json(shared + "/suites/fhirpath/tests-r4-half.json");
  int number = 0;
  for (const json::Value test : kSuite->root().items()) {
    const std::string name = test_name(test["name"].text()) + "_" + std::to_string(number++);
    testing::RegisterTest("FhirpathSuite", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [test] { return static_cast<testing::Test*>(new FhirpathCase(test)); });
  }
  return true;
}();

}  // namespace
}  // namespace kiln::conformance
