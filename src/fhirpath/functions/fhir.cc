// Functions that FHIR adds to FHIRPath (FHIR §2.9.1.5).
#include "fhir/element_names.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

bool run_extension(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  const One<std::string_view> url = context.argument_string(instruction, 0);
  if (!url) return none(out, url);
  ItemList extensions(context.arena());
  for (const Item& item : input) {
    if (!context.append_children(item, fhir::names::kExtension, extensions)) return false;
  }
  ItemList kept(context.arena());
  for (const Item& extension : extensions) {
    if (extension.node != kNoNode &&
        context.text_member(extension.node, fhir::names::kUrl) == *url) {
      kept.push(extension);
    }
  }
  out = kept.collection();
  return true;
}

bool run_has_value(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  Item value;
  return context.give_boolean(out, input.size == 1 && context.value_of(input[0], value));
}

bool run_get_value(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  Item value;
  if (input.size != 1 || !context.value_of(input[0], value)) {
    return Context::give_nothing(out);
  }
  return context.give(out, value);
}

/// The contained resource or the Bundle's entry that a reference names. Nothing outside of the
/// resource at hand is looked up.
[[nodiscard]] bool resolve_one(Context& context, std::string_view reference, ItemList& out) {
  ItemList candidates(context.arena());
  if (reference.starts_with('#')) {
    if (!context.append_children(context.root(), fhir::names::kContained, candidates)) return false;
    for (const Item& resource : candidates) {
      if (resource.node != kNoNode &&
          context.text_member(resource.node, fhir::names::kId) == reference.substr(1)) {
        out.push(resource);
      }
    }
    return true;
  }
  if (!context.append_children(context.root(), fhir::names::kEntry, candidates)) return false;
  for (const Item& entry : candidates) {
    if (entry.node == kNoNode) continue;
    const std::string_view url = context.text_member(entry.node, fhir::names::kFullUrl);
    const bool same = url == reference || (url.ends_with(reference) && !reference.empty() &&
                                           url[url.size() - reference.size() - 1] == '/');
    if (same && !context.append_children(entry, fhir::names::kResource, out)) return false;
  }
  return true;
}

bool run_resolve(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  ItemList result(context.arena());
  for (const Item& item : input) {
    if (!context.step()) return false;
    Item value;
    if (context.value_of(item, value)) {
      if (value.kind == ItemKind::kString && !resolve_one(context, value.text(), result)) {
        return false;
      }
    } else if (item.node != kNoNode) {
      const std::string_view reference = context.text_member(item.node, fhir::names::kReference);
      if (!resolve_one(context, reference, result)) return false;
    }
  }
  out = result.collection();
  return true;
}

/// conformsTo(): the base definitions are known, other profiles are not.
bool run_conforms_to(Context& context, const Instruction& instruction, Collection& out) {
  static constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/";
  Collection input;
  if (!context.input(instruction, input)) return false;
  const One<std::string_view> url = context.argument_string(instruction, 0);
  const One<Item> item = context.single(instruction, input);
  if (!url || !item) return none(out, url, item);
  const fhir::TypeId type = url->starts_with(kBase)
                                ? context.model().find_type(url->substr(kBase.size()))
                                : fhir::kNoType;
  if (type == fhir::kNoType) {
    return context.fail(instruction, "an unknown profile: " + std::string(*url),
                        base::ErrorCode::kUnsupported);
  }
  return context.give_boolean(out, context.is_of_type(*item, {.fhir = type}));
}

constexpr FunctionRow kFhirFunctions[] = {
    {.name = "extension",
     .arguments = exactly(kStringValue),
     .returns = Returns::kExtensions,
     .reads = Reads::kExtension,
     .kernel = run_extension},
    {.name = "hasValue",
     .returns = Returns::kBoolean,
     .reads = Reads::kExistence,
     .kernel = run_has_value},
    {.name = "getValue",
     .returns = Returns::kInputItem,
     .reads = Reads::kItems,
     .kernel = run_get_value},
    {.name = "resolve",
     .input = Expect::kReference,
     .returns = Returns::kReference,
     .reads = Reads::kReferences,
     .kernel = run_resolve},
    {.name = "conformsTo",
     .arguments = exactly(kStringValue),
     .returns = Returns::kBoolean,
     .reads = Reads::kExistence,
     .kernel = run_conforms_to},
};

}  // namespace

std::span<const FunctionRow> fhir_functions() { return kFhirFunctions; }

}  // namespace kiln::fhirpath
