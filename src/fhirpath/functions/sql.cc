// Functions that SQL on FHIR adds: getResourceKey(), getReferenceKey().
#include "fhir/element_names.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/reference.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

/// The text of a string member of an object; `slice`: it is the input's own.
[[nodiscard]] bool string_under(Context& context, const Item& item, fhir::NameId name,
                                std::string_view& text, bool& slice) {
  if (item.kind != ItemKind::kElement || item.node == kNoNode) return false;
  if (!context.is_of_kind(item)) {
    return context.misfit(context.node(item.node), context.model().name(item.type));
  }
  const json::Node* const node = context.string_member(item.node, name);
  if (node == nullptr) return false;
  text = context.string_of(*node);
  slice = !node->escaped;
  return true;
}

bool run_resource_key(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList keys(context.arena());
  for (const Item& item : input) {
    std::string_view id;
    bool slice = false;
    if (!string_under(context, item, fhir::names::kId, id, slice)) continue;
    keys.push(slice ? Item::of_slice(id) : Item::of_string(id));
  }
  out = keys.collection();
  return true;
}

bool run_reference_key(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  const std::string_view type = instruction.named.fhir == fhir::kNoType
                                    ? std::string_view()
                                    : context.model().name(instruction.named.fhir);
  ItemList keys(context.arena());
  for (const Item& item : input) {
    std::string_view reference;
    bool slice = false;
    if (!string_under(context, item, fhir::names::kReference, reference, slice)) continue;
    if (!context.step_text(reference.size())) return false;
    const std::string_view key = reference_key(reference, type);
    if (!key.empty()) keys.push(slice ? Item::of_slice(key) : Item::of_string(key));
  }
  out = keys.collection();
  return true;
}

constexpr FunctionRow kSqlFunctions[] = {
    {.name = "getResourceKey",
     .returns = Returns::kStringEach,
     .reads = Reads::kResourceKey,
     .kernel = run_resource_key},
    {.name = "getReferenceKey",
     .arguments = between(0, 1, kTypeName),
     .input = Expect::kReference,
     .returns = Returns::kStringEach,
     .reads = Reads::kReferenceKey,
     .kernel = run_reference_key},
};

}  // namespace

std::span<const FunctionRow> sql_functions() { return kSqlFunctions; }

}  // namespace kiln::fhirpath
