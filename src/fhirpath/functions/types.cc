// FHIRPath §5.2.4 ofType(), §6.3 Types: is, as, type().
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

bool run_of_type(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList kept(evaluation.arena());
  for (const Item& item : input) {
    if (evaluation.is_of_named_type(item, instruction.type, instruction.system)) kept.push(item);
  }
  out = kept.collection();
  return true;
}

bool run_is(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  switch (evaluation.single(instruction, input)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  return evaluation.give_boolean(
      out, evaluation.is_of_type(input[0], instruction.type, instruction.system));
}

bool run_as(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  switch (evaluation.single(instruction, input)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  if (!evaluation.is_of_named_type(input[0], instruction.type, instruction.system)) {
    return Evaluation::give_nothing(out);
  }
  out = input;
  return true;
}

bool run_type(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    const TypeInfo info = evaluation.type_info(item);
    result.push(Item::of_type_info(evaluation.arena().make<TypeInfo>(info)));
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kTypeFunctions[] = {
    {"ofType",
     1,
     1,
     {kTypeName},
     Expect::kAnything,
     Returns::kNamedType,
     Reads::kItems,
     run_of_type},
    {"is", 1, 1, {kTypeName}, Expect::kAnything, Returns::kBoolean, Reads::kExistence, run_is},
    {"as", 1, 1, {kTypeName}, Expect::kAnything, Returns::kNamedTypeOne, Reads::kItems, run_as},
    {"type", 0, 0, {}, Expect::kAnything, Returns::kTypeInfo, Reads::kExistence, run_type},
};

}  // namespace

std::span<const FunctionRow> type_functions() { return kTypeFunctions; }

}  // namespace kiln::fhirpath
