// Functions that SQL on FHIR adds: getResourceKey(), getReferenceKey().
#include "fhir/element_names.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/reference.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

/// The text of a string member of an object; `slice`: it is the input's own.
[[nodiscard]] bool string_under(Evaluation& evaluation, const Item& item, fhir::NameId name,
                                std::string_view& text, bool& slice) {
  if (item.kind != ItemKind::kElement || item.node == kNoNode) return false;
  if (!evaluation.is_of_kind(item)) {
    return evaluation.misfit(evaluation.node(item.node), evaluation.model().name(item.type));
  }
  const json::Node* const node = evaluation.string_member(item.node, name);
  if (node == nullptr) return false;
  text = evaluation.string_of(*node);
  slice = !node->escaped;
  return true;
}

bool run_resource_key(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList keys(evaluation.arena());
  for (const Item& item : input) {
    std::string_view id;
    bool slice = false;
    if (!string_under(evaluation, item, fhir::names::kId, id, slice)) continue;
    keys.push(slice ? Item::of_slice(id) : Item::of_string(id));
  }
  out = keys.collection();
  return true;
}

bool run_reference_key(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  const std::string_view type = instruction.type == fhir::kNoType
                                    ? std::string_view()
                                    : evaluation.model().name(instruction.type);
  ItemList keys(evaluation.arena());
  for (const Item& item : input) {
    std::string_view reference;
    bool slice = false;
    if (!string_under(evaluation, item, fhir::names::kReference, reference, slice)) continue;
    if (!evaluation.step_text(reference.size())) return false;
    const std::string_view key = reference_key(reference, type);
    if (!key.empty()) keys.push(slice ? Item::of_slice(key) : Item::of_string(key));
  }
  out = keys.collection();
  return true;
}

constexpr FunctionRow kSqlFunctions[] = {
    {"getResourceKey",
     0,
     0,
     {},
     Expect::kAnything,
     Returns::kStrings,
     Reads::kResourceKey,
     run_resource_key},
    {"getReferenceKey",
     0,
     1,
     {kTypeName},
     Expect::kReference,
     Returns::kStrings,
     Reads::kReferenceKey,
     run_reference_key},
};

}  // namespace

std::span<const FunctionRow> sql_functions() { return kSqlFunctions; }

}  // namespace kiln::fhirpath
