// FHIRPath §5.9 Utility: trace().
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_trace(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection name;
  if (!evaluation.input(instruction, out)) return false;
  if (!evaluation.argument(instruction, 0, name)) return false;
  std::string_view label;
  if (evaluation.single_string(instruction, name, label) == Evaluation::Single::kFailed) {
    return false;
  }
  if (!evaluation.tracer()) return true;
  for (uint32_t i = 0; i < out.size; ++i) {
    Collection shown = {&out.items[i], 1};
    if (evaluation.has_argument(instruction, 1) &&
        !evaluation.eval_for(evaluation.argument_id(instruction, 1), out[i], i, shown)) {
      return false;
    }
    for (const Item& item : shown) evaluation.tracer()(label, json_of_item(evaluation, item));
  }
  return true;
}

constexpr FunctionRow kUtilityFunctions[] = {
    {"trace",
     1,
     2,
     {kStringValue, kLambda},
     Expect::kAnything,
     Returns::kInput,
     Reads::kItems,
     run_trace},
};

}  // namespace

std::span<const FunctionRow> utility_functions() { return kUtilityFunctions; }

}  // namespace kiln::fhirpath
