// Functions that FHIR adds to FHIRPath (FHIR §2.9.1.5).
#include "fhir/element_names.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

std::string_view text_under(Evaluation& evaluation, uint32_t object, fhir::NameId name) {
  const json::Node* const node = evaluation.string_member(object, name);
  return node == nullptr ? std::string_view() : evaluation.string_of(*node);
}

bool run_extension(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  Collection argument;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, argument)) return false;
  std::string_view url;
  switch (evaluation.single_string(instruction, argument, url)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  ItemList extensions(evaluation.arena());
  for (const Item& item : input) {
    if (!evaluation.append_children(item, fhir::names::kExtension, extensions)) return false;
  }
  ItemList kept(evaluation.arena());
  for (const Item& extension : extensions) {
    if (extension.node != kNoNode &&
        text_under(evaluation, extension.node, fhir::names::kUrl) == url) {
      kept.push(extension);
    }
  }
  out = kept.collection();
  return true;
}

bool run_has_value(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  Item value;
  return evaluation.give_boolean(out, input.size == 1 && evaluation.value_of(input[0], value));
}

bool run_get_value(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  Item value;
  if (input.size != 1 || !evaluation.value_of(input[0], value)) {
    return Evaluation::give_nothing(out);
  }
  return evaluation.give(out, value);
}

/// The contained resource or the Bundle's entry that a reference names. Nothing outside of the
/// resource at hand is looked up.
[[nodiscard]] bool resolve_one(Evaluation& evaluation, std::string_view reference, ItemList& out) {
  ItemList candidates(evaluation.arena());
  if (reference.starts_with('#')) {
    if (!evaluation.append_children(evaluation.root(), fhir::names::kContained, candidates))
      return false;
    for (const Item& resource : candidates) {
      if (resource.node != kNoNode &&
          text_under(evaluation, resource.node, fhir::names::kId) == reference.substr(1)) {
        out.push(resource);
      }
    }
    return true;
  }
  if (!evaluation.append_children(evaluation.root(), fhir::names::kEntry, candidates)) return false;
  for (const Item& entry : candidates) {
    if (entry.node == kNoNode) continue;
    const std::string_view url = text_under(evaluation, entry.node, fhir::names::kFullUrl);
    const bool same = url == reference || (url.ends_with(reference) && !reference.empty() &&
                                           url[url.size() - reference.size() - 1] == '/');
    if (same && !evaluation.append_children(entry, fhir::names::kResource, out)) return false;
  }
  return true;
}

bool run_resolve(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  ItemList result(evaluation.arena());
  for (const Item& item : input) {
    if (!evaluation.step()) return false;
    Item value;
    if (evaluation.value_of(item, value)) {
      if (value.kind == ItemKind::kString && !resolve_one(evaluation, value.text(), result)) {
        return false;
      }
    } else if (item.node != kNoNode) {
      const std::string_view reference = text_under(evaluation, item.node, fhir::names::kReference);
      if (!resolve_one(evaluation, reference, result)) return false;
    }
  }
  out = result.collection();
  return true;
}

/// conformsTo(): the base definitions are known, other profiles are not.
bool run_conforms_to(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  static constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/";
  Collection input;
  Collection argument;
  if (!evaluation.input(instruction, input)) return false;
  if (!evaluation.argument(instruction, 0, argument)) return false;
  std::string_view url;
  const Single has_url = evaluation.single_string(instruction, argument, url);
  const Single has_item = evaluation.single(instruction, input);
  if (has_url == Single::kFailed || has_item == Single::kFailed) return false;
  if (has_url == Single::kNone || has_item == Single::kNone) return Evaluation::give_nothing(out);
  const fhir::TypeId type =
      url.starts_with(kBase) ? evaluation.model().find_type(url.substr(kBase.size())) : 0;
  if (type == fhir::kNoType) {
    return evaluation.fail(instruction, "an unknown profile: " + std::string(url),
                           base::ErrorCode::kUnsupported);
  }
  return evaluation.give_boolean(out, evaluation.is_of_type(input[0], type, fhir::kNoType));
}

constexpr FunctionRow kFhirFunctions[] = {
    {"extension",
     1,
     1,
     {kStringValue},
     Expect::kAnything,
     Returns::kExtensions,
     Reads::kExtension,
     run_extension},
    {"hasValue", 0, 0, {}, Expect::kAnything, Returns::kBoolean, Reads::kExistence, run_has_value},
    {"getValue", 0, 0, {}, Expect::kAnything, Returns::kInputItem, Reads::kItems, run_get_value},
    {"resolve", 0, 0, {}, Expect::kReference, Returns::kReference, Reads::kWhole, run_resolve},
    {"conformsTo",
     1,
     1,
     {kStringValue},
     Expect::kAnything,
     Returns::kBoolean,
     Reads::kExistence,
     run_conforms_to},
};

}  // namespace

std::span<const FunctionRow> fhir_functions() { return kFhirFunctions; }

}  // namespace kiln::fhirpath
