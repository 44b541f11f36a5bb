// What a name may be: an element, a type at the head of a path, or a key of FHIR's JSON that is no
// element (resourceType, onsetDateTime), which is taken for what was meant, with a warning.
#include <algorithm>

#include "base/near_name.h"
#include "fhir/element_names.h"
#include "fhirpath/binding.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

/// Calls test(type) for the types that something may be, all there are if it is open.
template <typename Test>
bool any_type(const fhir::Model& model, const ExprType& of, Test test) {
  if (std::any_of(of.types.begin(), of.types.end(), test)) return true;
  if (!of.open) return false;
  for (size_t type = fhir::kFirstFhirType; type < model.type_count(); ++type) {
    if (test(static_cast<fhir::TypeId>(type))) return true;
  }
  return false;
}

bool is_element(const fhir::Model& model, fhir::NameId name, const ExprType& of) {
  return any_type(model, of, [&](fhir::TypeId type) { return !model.element(type, name).empty(); });
}

}  // namespace

base::Result<Binder::BoundPtr> Binder::name(const Ast& ast, const Scope& scope) {
  if (ast.children.empty()) {
    if (is_json_name(ast.text, scope.self)) return json_name(ast, nullptr, scope.self, scope);
    if (BoundPtr child = try_child(ast, nullptr, scope.self)) return child;
    if (BoundPtr type = head_type(ast, scope)) return type;
    return unknown_element(ast, scope.self);
  }
  KILN_ASSIGN(BoundPtr input, bind(*ast.children[0], scope));
  ExprType input_type = input->type;
  if (input_type.is_empty()) return nothing(ast.span);
  if (is_json_name(ast.text, input_type)) {
    return json_name(ast, std::move(input), input_type, scope);
  }
  if (BoundPtr child = try_child(ast, std::move(input), input_type)) return child;
  return unknown_element(ast, input_type);
}

/// True for resourceType and onsetDateTime, which are keys of FHIR's JSON but elements of nothing
/// that the type may be.
bool Binder::is_json_name(std::string_view text, const ExprType& of) const {
  const fhir::NameId name = fhir::find_name(text);
  if (name == fhir::kNoName || of.is_empty()) return false;
  const auto is_resource = [&](fhir::TypeId type) {
    return model_.kind(type) == fhir::TypeKind::kResource;
  };
  if (text == kResourceTypeKey) {
    return of.open || std::any_of(of.types.begin(), of.types.end(), is_resource);
  }
  const bool choice_key =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return choice_key && !is_element(model_, name, of) && choice_row(name, of) != nullptr;
}

/// The row of a choice that has the name as its key; null if there is none.
const fhir::Field* Binder::choice_row(fhir::NameId key, const ExprType& of) const {
  const fhir::Field* row = nullptr;
  any_type(model_, of, [&](fhir::TypeId type) {
    row = model_.json_field(type, key);
    if (row != nullptr && !row->choice) row = nullptr;
    return row != nullptr;
  });
  return row;
}

/// What was meant by such a name, with a warning that tells how FHIRPath has it.
base::Result<Binder::BoundPtr> Binder::json_name(const Ast& ast, BoundPtr input, const ExprType& of,
                                                 const Scope& scope) {
  const bool type_name = ast.text == kResourceTypeKey;
  const fhir::Field* const row = type_name ? nullptr : choice_row(fhir::find_name(ast.text), of);
  const std::string wanted = compared_to_.empty() ? "type().name" : "ofType(" + compared_to_ + ")";
  const std::string right = type_name ? wanted
                                      : std::string(fhir::text_of(row->element)) + ".ofType(" +
                                            std::string(model_.name(row->type)) + ")";
  const std::string message =
      "'" + ast.text + "' is a name of FHIR's JSON, not an element: write " + right;
  if (context_.strictness == Strictness::kStrict) {
    return fail(ast.span, message).with_suggestion(right);
  }
  warnings_.push_back({ast.span, message});
  if (type_name) return resource_type_name(ast.span, std::move(input), of, scope);
  BoundPtr child = element_child(ast.span, row->element, std::move(input), of);
  return typed_call(ast.span, of_type_function(), std::move(child), scope, {row->type});
}

/// ofType(Resource).type().name
base::Result<Binder::BoundPtr> Binder::resource_type_name(Span span, BoundPtr input,
                                                          const ExprType& of, const Scope& scope) {
  KILN_ASSIGN(BoundPtr resource, typed_call(span, of_type_function(), std::move(input), scope,
                                            {model_.find_type("Resource")}));
  BoundPtr type = leaf(BoundKind::kFunction, span, ExprType::anything(of.single));
  type->function = &type_function();
  type->input_type = resource->type;
  type->input = std::move(resource);
  BoundPtr name = leaf(BoundKind::kChild, span, ExprType::of(fhir::kSystemString, of.single));
  name->element = fhir::names::kName;
  name->input_type = type->type;
  name->input = std::move(type);
  return name;
}

/// The element of that name; null if no type that the input may have has one.
Binder::BoundPtr Binder::try_child(const Ast& ast, BoundPtr input, const ExprType& of) {
  const fhir::NameId element = fhir::find_name(ast.text);
  if (element == fhir::kNoName) return nullptr;
  BoundPtr child = element_child(ast.span, element, std::move(input), of);
  return child->type.is_empty() ? nullptr : std::move(child);
}

Binder::BoundPtr Binder::element_child(Span span, fhir::NameId element, BoundPtr input,
                                       const ExprType& of) {
  BoundPtr child = leaf(BoundKind::kChild, span, element_type(model_, of, element));
  child->element = element;
  child->input = std::move(input);
  child->input_type = of;
  return child;
}

/// A type's name at the head of a path: Patient.name is name if $this is a Patient. Else null.
Binder::BoundPtr Binder::head_type(const Ast& ast, const Scope& scope) {
  const fhir::TypeId type = model_.find_type(ast.text);
  if (type == fhir::kNoType) return nullptr;
  const ExprType left = narrowed(model_, scope.self, {type});
  if (left.is_empty()) return nullptr;
  const bool always =
      !scope.self.open && std::all_of(scope.self.types.begin(), scope.self.types.end(),
                                      [&](fhir::TypeId t) { return model_.is_subtype(t, type); });
  if (always) return leaf(BoundKind::kThis, ast.span, scope.self);
  BoundPtr filter = leaf(BoundKind::kFunction, ast.span, left);
  filter->function = &of_type_function();
  filter->named.fhir = type;
  filter->input_type = scope.self;
  return filter;
}

base::Result<Binder::BoundPtr> Binder::unknown_element(const Ast& ast, const ExprType& of) {
  if (!strict()) return nothing(ast.span);
  const bool only_primitives =
      !of.open && std::all_of(of.types.begin(), of.types.end(),
                              [&](fhir::TypeId type) { return !model_.is_complex(type); });
  if (of.is_empty()) return nothing(ast.span);
  if ((only_primitives && context_.strictness == Strictness::kView) || context_.warn_of_unknown) {
    warnings_.push_back(
        {ast.span, "always empty: " + describe(model_, of) + " has no element '" + ast.text + "'"});
    return nothing(ast.span);
  }
  std::vector<std::string_view> known;
  for (const fhir::TypeId type : of.types) {
    for (const fhir::Field& row : model_.fields(type)) known.push_back(fhir::text_of(row.element));
  }
  if (!step(known.size() * kStepsToSuggest)) return refused(ast.span);
  const fhir::TypeId as_type = model_.find_type(ast.text);
  if (ast.children.empty() && as_type != fhir::kNoType) {
    return fail(ast.span,
                "the expression is evaluated on " + describe(model_, of) + ", not on " + ast.text);
  }
  return fail(ast.span, "unknown element: '" + ast.text + "' of " + describe(model_, of))
      .with_suggestion(base::nearest_name(ast.text, known));
}

}  // namespace kiln::fhirpath
