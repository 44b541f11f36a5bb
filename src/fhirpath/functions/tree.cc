// FHIRPath §5.8 Tree navigation.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_children(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  for (const Item& item : input) {
    if (!context.append_all_children(item, result)) return false;
  }
  out = result.collection();
  return true;
}

bool run_descendants(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  for (const Item& item : input) {
    if (!context.append_all_children(item, result)) return false;
  }
  for (uint32_t i = 0; i < result.size(); ++i) {
    const Item item = result[i];
    if (!context.append_all_children(item, result)) return false;
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kTreeFunctions[] = {
    {.name = "children",
     .returns = Returns::kChildren,
     .reads = Reads::kWhole,
     .kernel = run_children},
    {.name = "descendants",
     .returns = Returns::kChildren,
     .reads = Reads::kWhole,
     .kernel = run_descendants},
};

}  // namespace

std::span<const FunctionRow> tree_functions() { return kTreeFunctions; }

}  // namespace kiln::fhirpath
