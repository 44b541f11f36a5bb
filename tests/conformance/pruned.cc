#include "tests/conformance/pruned.h"

#include "fhir/key_names.h"
#include "fhirpath/binder.h"
#include "fhirpath/compiler.h"
#include "fhirpath/demand.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"

namespace kiln::conformance {

base::Result<Prepared> prepare(const std::string& text, const fhir::Model& model,
                               fhir::TypeId type) {
  static const fhir::KeyNames kNames;
  Prepared prepared;
  KILN_ASSIGN(prepared.ast, fhirpath::parse_expression(text));
  fhirpath::BindContext context{model};
  context.resource = type;
  prepared.program.text = text;
  KILN_ASSIGN(
      fhirpath::BoundExpression bound,
      fhirpath::bind_expression(*prepared.ast, text, context, fhirpath::ExprType::of(type)));
  json::ShapeBuilder builder;
  base::Work work(fhirpath::kMostCompileSteps);
  fhirpath::Demand demand(model, builder, work);
  fhirpath::Need need;
  need.existence = true;
  KILN_TRY(demand.add(*bound.tree, text, demand.root(), need));
  fhirpath::compile(*bound.tree, model, prepared.program);
  prepared.shape = std::make_unique<json::Shape>(builder.build(), &kNames);
  return prepared;
}

std::vector<std::string> evaluate(const Prepared& prepared, const fhir::Model& model,
                                  fhir::TypeId type, const json::Tape& tape) {
  fhirpath::Evaluation evaluation(model);
  evaluation.begin(tape, type);
  fhirpath::Collection result;
  if (!evaluation.run(prepared.program, evaluation.root(), result)) {
    return {"error: " + evaluation.take_error().to_string()};
  }
  std::vector<std::string> texts;
  for (const fhirpath::Item& item : result) {
    const auto text = evaluation.text_of_item(item);
    const bool no_value =
        item.kind == fhirpath::ItemKind::kElement && item.node == fhirpath::kNoNode;
    texts.push_back(text ? *text : (no_value ? "-" : "{}"));
  }
  return texts;
}

std::string describe(const json::Tape& tape) {
  std::string text;
  for (uint32_t i = 0; i < tape.size(); ++i) {
    const json::Node& node = tape[i];
    text += std::to_string(node.name) + ":" + std::to_string(static_cast<int>(node.kind)) + ":" +
            std::to_string(node.end) + ":" + std::string(node.view()) + "\n";
  }
  return text;
}

}  // namespace kiln::conformance
