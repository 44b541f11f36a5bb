// FHIRPath §5.8 Tree navigation.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_children(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    if (!evaluation.append_all_children(item, result)) return false;
  }
  out = result.collection();
  return true;
}

bool run_descendants(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    if (!evaluation.append_all_children(item, result)) return false;
  }
  for (uint32_t i = 0; i < result.size(); ++i) {
    const Item item = result[i];
    if (!evaluation.append_all_children(item, result)) return false;
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kTreeFunctions[] = {
    {"children", 0, 0, {}, Expect::kAnything, Returns::kChildren, Reads::kWhole, run_children},
    {"descendants",
     0,
     0,
     {},
     Expect::kAnything,
     Returns::kChildren,
     Reads::kWhole,
     run_descendants},
};

}  // namespace

std::span<const FunctionRow> tree_functions() { return kTreeFunctions; }

}  // namespace kiln::fhirpath
