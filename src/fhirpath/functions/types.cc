// FHIRPath §5.2.4 ofType(), §6.3 Types: is, as, type().
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_of_type(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList kept(context.arena());
  for (const Item& item : input) {
    if (context.is_of_named_type(item, instruction.named)) kept.push(item);
  }
  out = kept.collection();
  return true;
}

bool run_is(Context& context, const Instruction& instruction, Collection& out) {
  const One<Item> item = context.input_item(instruction);
  if (!item) return none(out, item);
  return context.give_boolean(out, context.is_of_type(*item, instruction.named));
}

bool run_as(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  const One<Item> item = context.single(instruction, input);
  if (!item) return none(out, item);
  if (!context.is_of_named_type(*item, instruction.named)) {
    return Context::give_nothing(out);
  }
  out = input;
  return true;
}

bool run_type(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  for (const Item& item : input) {
    const TypeInfo info = context.type_info(item);
    result.push(Item::of_type_info(context.arena().make<TypeInfo>(info)));
  }
  out = result.collection();
  return true;
}

constexpr FunctionRow kTypeFunctions[] = {
    {.name = "ofType",
     .arguments = exactly(kTypeName),
     .returns = Returns::kNamedType,
     .reads = Reads::kItems,
     .kernel = run_of_type},
    {.name = "is",
     .arguments = exactly(kTypeName),
     .returns = Returns::kBoolean,
     .reads = Reads::kExistence,
     .kernel = run_is},
    {.name = "as",
     .arguments = exactly(kTypeName),
     .returns = Returns::kNamedTypeOne,
     .reads = Reads::kItems,
     .kernel = run_as},
    {.name = "type", .returns = Returns::kTypeInfo, .reads = Reads::kExistence, .kernel = run_type},
};

}  // namespace

std::span<const FunctionRow> type_functions() { return kTypeFunctions; }
const FunctionRow& of_type_function() { return *find_function("ofType"); }
const FunctionRow& type_function() { return *find_function("type"); }

}  // namespace kiln::fhirpath
