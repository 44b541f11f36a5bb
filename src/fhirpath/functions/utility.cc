// FHIRPath §5.9 Utility: trace().
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_trace(Context& context, const Instruction& instruction, Collection& out) {
  if (!context.input(instruction, out)) return false;
  const One<std::string_view> label = context.argument_string(instruction, 0);
  if (label.failed()) return false;
  if (!context.tracer()) return true;
  for (uint32_t i = 0; i < out.size; ++i) {
    Collection shown = {&out.items[i], 1};
    if (context.has_argument(instruction, 1) &&
        !context.eval_for(context.argument_id(instruction, 1), out[i], i, shown)) {
      return false;
    }
    for (const Item& item : shown)
      context.tracer()(label.value_or({}), json_of_item(context, item));
  }
  return true;
}

constexpr FunctionRow kUtilityFunctions[] = {
    {.name = "trace",
     .arguments = between(1, 2, kStringValue, kLambda),
     .returns = Returns::kInput,
     .reads = Reads::kItems,
     .kernel = run_trace},
};

}  // namespace

std::span<const FunctionRow> utility_functions() { return kUtilityFunctions; }

}  // namespace kiln::fhirpath
