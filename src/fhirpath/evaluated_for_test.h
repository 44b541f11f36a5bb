// For the library's tests: an expression from text to results as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
#include "json/line_parser.h"

namespace kiln::fhirpath {

struct EvaluateOptions {
  Strictness strictness = Strictness::kLenient;
  Limits limits;
  const Constants* constants = nullptr;
  fhir::Version version = fhir::Version::kR4;
};

/// What came out: "integer 4, string a", "" for nothing, "error: ..." for an error.
struct Evaluated {
  std::string text;
  base::ErrorCode code{};  ///< of an error
  std::string excerpt;
  size_t caret = 0;
  std::string suggestion;
  std::vector<std::string> traces;

  bool failed() const { return text.starts_with("error: "); }
};

inline Evaluated failure(const base::Error& error) {
  return {"error: " + error.message(),
          error.code(),
          error.excerpt(),
          error.caret(),
          error.suggestion(),
          {}};
}

/// Evaluates on a resource that is parsed whole; "" for none.
inline Evaluated evaluate(std::string_view expression, std::string_view resource = "",
                          const EvaluateOptions& options = {}) {
  const fhir::Model& model = fhir::Model::of(options.version);
  const fhir::KeyNames names;
  json::ShapeNode whole;
  whole.whole = true;
  const json::Shape shape({whole}, &names);
  json::LineParser parser(shape);
  BindContext context{model};
  context.strictness = options.strictness;
  context.constants = options.constants;
  std::string line = std::string(resource) + '\n' + std::string(json::kPadding, '\0');
  if (!resource.empty()) {
    const json::LineResult parsed = parser.parse("", line.data());
    EXPECT_EQ(parsed.kind, json::LineResult::Kind::kResource)
        << resource << ": " << (parsed.error == nullptr ? "" : parsed.error);
    context.resource = model.find_resource(json::find_resource_type(line.data()));
  }
  const auto compiled = compile_expression(expression, context);
  if (!compiled.ok()) return failure(compiled.error());
  // 2024-02-29T12:34:56.789Z
  Evaluation evaluation(model, base::WallTime(std::chrono::milliseconds(1709210096789)),
                        options.limits);
  Evaluated result;
  evaluation.set_tracer([&](std::string_view name, std::string_view value) {
    result.traces.push_back(std::string(name) + ": " + std::string(value));
  });
  evaluation.begin(parser.tape(), context.resource);
  Collection items;
  if (!evaluation.run(compiled->program, evaluation.root(), items)) {
    return failure(evaluation.take_error());
  }
  for (const Item& item : items) {
    if (!result.text.empty()) result.text += ", ";
    const auto text = evaluation.text_of_item(item);
    result.text +=
        evaluation.type_name_of(item) + " " + (text ? *text : evaluation.json_of_item(item));
  }
  // Reading what came out is counted, too.
  if (evaluation.failed()) return failure(evaluation.take_error());
  return result;
}

/// An expression and what evaluate() gives for it; "error" stands for any error.
struct ExpressionCase {
  std::string_view expression;
  std::string_view expected;
};

inline void expect_all(std::string_view resource, const std::vector<ExpressionCase>& cases,
                       const EvaluateOptions& options = {}) {
  for (const auto& [expression, expected] : cases) {
    const Evaluated got = evaluate(expression, resource, options);
    if (expected == "error") {
      EXPECT_TRUE(got.failed()) << expression << " gave " << got.text;
    } else {
      EXPECT_EQ(got.text, expected) << expression;
    }
  }
}

}  // namespace kiln::fhirpath
