#include "fhirpath/binder.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/near_name.h"
#include "fhir/element_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

using fhir::NameId;
using fhir::TypeId;
using BoundPtr = std::unique_ptr<Bound>;

/// What $this and $total are at a place in the expression.
struct Scope {
  ExprType self;
  ExprType total = ExprType::anything();
  bool in_aggregate = false;
};

struct NamedType {
  TypeId fhir = fhir::kNoType;
  TypeId system = fhir::kNoType;
};

constexpr std::string_view kResourceType = "resourceType";

TypeId find_system_type(const fhir::Model& model, std::string_view name) {
  for (TypeId type = fhir::kSystemAny; type < fhir::kFirstFhirType; ++type) {
    if (model.name(type) == name) return type;
  }
  return fhir::kNoType;
}

/// Holding one name against another, which may be what was meant.
constexpr size_t kStepsToSuggest = 32;

class Binder {
 public:
  Binder(std::string_view text, const BindContext& context, Program& program)
      : text_(text), context_(context), model_(context.model), program_(program) {}

  base::Result<BoundPtr> bind(const Ast& ast, const Scope& scope) {
    if (!step(1 + scope.self.types.size())) return refused(ast.span);
    switch (ast.kind) {
      case AstKind::kEmpty:
      case AstKind::kBoolean:
      case AstKind::kString:
      case AstKind::kInteger:
      case AstKind::kLong:
      case AstKind::kDecimal:
      case AstKind::kDate:
      case AstKind::kDateTime:
      case AstKind::kTime:
      case AstKind::kQuantity:
        return literal(ast);
      case AstKind::kThis:
        return leaf(BoundKind::kThis, ast.span, scope.self);
      case AstKind::kIndex:
        return leaf(BoundKind::kIndex, ast.span, ExprType::of(fhir::kSystemInteger));
      case AstKind::kTotal:
        if (!scope.in_aggregate) return fail(ast.span, "$total is only known inside aggregate()");
        return leaf(BoundKind::kTotal, ast.span, scope.total);
      case AstKind::kExternal:
        return external(ast);
      case AstKind::kName:
        return name(ast, scope);
      case AstKind::kFunction:
        return function(ast, scope);
      case AstKind::kIndexer:
        return call(ast, *find_function("[]"), scope);
      case AstKind::kUnary:
        return call(ast, *find_operator(ast.text + "x"), scope);
      case AstKind::kBinary: {
        const std::string outer = std::exchange(compared_to_, text_compared(ast));
        auto bound = call(ast, *find_operator(ast.text), scope);
        compared_to_ = outer;
        return bound;
      }
      case AstKind::kType:
        return type_operator(ast, scope);
    }
    return fail(ast.span, "an expression of unknown kind");
  }

  std::vector<Warning> take_warnings() { return std::move(warnings_); }

 private:
  bool strict() const { return context_.strictness != Strictness::kLenient; }

  [[nodiscard]] bool step(size_t count) {
    return context_.work == nullptr || context_.work->step(count);
  }
  base::Error refused(Span span) const { return refused_error(*context_.work, text_, span); }

  base::Error fail(Span span, std::string message) const {
    return error_at(text_, span, std::move(message));
  }

  static BoundPtr leaf(BoundKind kind, Span span, ExprType type) {
    BoundPtr bound(new Bound);
    bound->kind = kind;
    bound->span = span;
    bound->type = std::move(type);
    return bound;
  }

  // ---- constants ----

  BoundPtr constant(Span span, ExprType type, const Item& item) {
    BoundPtr bound = leaf(BoundKind::kConstant, span, std::move(type));
    bound->items = {program_.storage().make<Item>(item), 1};
    return bound;
  }

  BoundPtr nothing(Span span) { return leaf(BoundKind::kConstant, span, ExprType()); }

  base::Result<BoundPtr> literal(const Ast& ast) {
    switch (ast.kind) {
      case AstKind::kEmpty:
        return nothing(ast.span);
      case AstKind::kBoolean:
        return value(ast.span, fhir::kSystemBoolean, ast.text);
      case AstKind::kString:
        return value(ast.span, fhir::kSystemString, ast.text);
      case AstKind::kInteger:
        return value(ast.span, fhir::kSystemInteger, ast.text);
      case AstKind::kLong:
        return value(ast.span, fhir::kSystemLong, ast.text);
      case AstKind::kDecimal:
        return value(ast.span, fhir::kSystemDecimal, ast.text);
      case AstKind::kDate:
        return value(ast.span, fhir::kSystemDate, ast.text);
      case AstKind::kDateTime:
        return value(ast.span, fhir::kSystemDateTime, ast.text);
      case AstKind::kTime:
        return value(ast.span, fhir::kSystemTime, ast.text);
      default:
        break;
    }
    const auto number = fhir::Decimal::parse(ast.text);
    if (!number) return fail(ast.span, "not a number: " + ast.text);
    const auto* quantity = program_.storage().make<Quantity>(
        Quantity{*number, program_.storage().copy(ast.unit), ast.calendar});
    return constant(ast.span, ExprType::of(fhir::kSystemQuantity), Item::of_quantity(quantity));
  }

  /// A System value from its text.
  base::Result<BoundPtr> value(Span span, TypeId system, std::string_view text) {
    base::Arena& storage = program_.storage();
    const ExprType type = ExprType::of(system);
    switch (system) {
      case fhir::kSystemBoolean:
        if (text != "true" && text != "false") break;
        return constant(span, type, Item::of_boolean(text == "true"));
      case fhir::kSystemInteger:
      case fhir::kSystemLong: {
        int64_t integer = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
        const bool fits = error == std::errc() && (system == fhir::kSystemLong ||
                                                   (integer >= INT32_MIN && integer <= INT32_MAX));
        if (end != text.data() + text.size()) break;
        if (!fits && system == fhir::kSystemInteger) {
          // Larger than an Integer: a Decimal without a point.
          return value(span, fhir::kSystemDecimal, text);
        }
        if (!fits) break;
        return constant(span, type, Item::of_integer(integer, system));
      }
      case fhir::kSystemDecimal: {
        const auto decimal = fhir::Decimal::parse(text);
        if (!decimal) break;
        return constant(span, type, Item::of_decimal(storage.make<fhir::Decimal>(*decimal)));
      }
      default: {
        if (!is_temporal(system)) {
          return constant(span, type, Item::of_string(storage.copy(text)));
        }
        const auto temporal = parse_temporal(system, text);
        if (!temporal) break;
        return constant(span, type, Item::of_temporal(storage.make<fhir::Temporal>(*temporal)));
      }
    }
    const std::string name(model_.name(system));
    return fail(span, (name == "Integer" ? "not an " : "not a ") + name + ": " + std::string(text));
  }

  base::Result<BoundPtr> external(const Ast& ast) {
    const std::string& name = ast.text;
    if (context_.constants != nullptr) {
      const auto found = context_.constants->find(name);
      if (found != context_.constants->end()) {
        TypeId system = model_.system_type(found->second.type);
        if (system == fhir::kNoType) system = fhir::kSystemString;
        return value(ast.span, system, found->second.text);
      }
    }
    if (name == "resource" || name == "context" || name == "rootResource") {
      return leaf(BoundKind::kRoot, ast.span,
                  context_.resource == fhir::kNoType ? ExprType::anything(true)
                                                     : ExprType::of(context_.resource));
    }
    if (name == "rowIndex" && context_.row_index) {
      return leaf(BoundKind::kRowIndex, ast.span, ExprType::of(fhir::kSystemInteger));
    }
    static constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
        {"sct", "http://snomed.info/sct"},
        {"loinc", "http://loinc.org"},
        {"ucum", "http://unitsofmeasure.org"}};
    for (const auto& [known, url] : kKnown) {
      if (name == known) return value(ast.span, fhir::kSystemString, url);
    }
    if (name.starts_with("vs-")) {
      return value(ast.span, fhir::kSystemString, "http://hl7.org/fhir/ValueSet/" + name.substr(3));
    }
    if (name.starts_with("ext-")) {
      return value(ast.span, fhir::kSystemString,
                   "http://hl7.org/fhir/StructureDefinition/" + name.substr(4));
    }
    std::vector<std::string_view> known = {"resource", "context", "rootResource",
                                           "sct",      "loinc",   "ucum"};
    if (context_.row_index) known.push_back("rowIndex");
    const size_t constants = context_.constants == nullptr ? 0 : context_.constants->size();
    if (!step((known.size() + constants) * kStepsToSuggest)) return refused(ast.span);
    if (context_.constants != nullptr) {
      for (const auto& [constant_name, unused] : *context_.constants)
        known.push_back(constant_name);
    }
    return fail(ast.span, "unknown constant: %" + name)
        .with_suggestion(with_percent(base::nearest_name(name, known)));
  }

  static std::string with_percent(std::string name) { return name.empty() ? name : "%" + name; }

  // ---- names ----

  base::Result<BoundPtr> name(const Ast& ast, const Scope& scope) {
    if (ast.children.empty()) {
      if (is_json_name(ast.text, scope.self)) return json_name(ast, nullptr, scope.self, scope);
      if (BoundPtr child = try_child(ast, nullptr, scope.self)) return child;
      if (auto type = head_type(ast, scope)) return std::move(*type);
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

  // ---- names of the JSON that are no elements ----

  /// The text in `resourceType = 'Patient'`.
  static std::string text_compared(const Ast& ast) {
    if (ast.text != "=" && ast.text != "~") return {};
    for (const bool left : {true, false}) {
      const Ast& name = *ast.children[left ? 0 : 1];
      const Ast& text = *ast.children[left ? 1 : 0];
      if (name.kind == AstKind::kName && name.text == kResourceType &&
          text.kind == AstKind::kString) {
        return text.text;
      }
    }
    return {};
  }

  /// True for resourceType and onsetDateTime, which are keys of FHIR's JSON but elements of nothing
  /// that the type may be.
  bool is_json_name(std::string_view text, const ExprType& of) const {
    const NameId name = fhir::find_name(text);
    if (name == fhir::kNoName || of.is_empty()) return false;
    const auto is_resource = [&](TypeId type) {
      return model_.kind(type) == fhir::TypeKind::kResource;
    };
    if (text == kResourceType) {
      return of.open || std::any_of(of.types.begin(), of.types.end(), is_resource);
    }
    const bool choice_key =
        std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return choice_key && !is_element(name, of) && choice_row(name, of) != nullptr;
  }

  /// Calls test(type) for the types that something may be, all there are if it is open.
  template <typename Test>
  bool any_type(const ExprType& of, Test test) const {
    if (std::any_of(of.types.begin(), of.types.end(), test)) return true;
    if (!of.open) return false;
    for (size_t type = fhir::kFirstFhirType; type < model_.type_count(); ++type) {
      if (test(static_cast<TypeId>(type))) return true;
    }
    return false;
  }

  bool is_element(NameId name, const ExprType& of) const {
    return any_type(of, [&](TypeId type) { return !model_.element(type, name).empty(); });
  }

  /// The row of a choice that has the name as its key; null if there is none.
  const fhir::Field* choice_row(NameId key, const ExprType& of) const {
    const fhir::Field* row = nullptr;
    any_type(of, [&](TypeId type) {
      row = model_.json_field(type, key);
      if (row != nullptr && !row->choice) row = nullptr;
      return row != nullptr;
    });
    return row;
  }

  /// What was meant by such a name, with a warning that tells how FHIRPath has it.
  base::Result<BoundPtr> json_name(const Ast& ast, BoundPtr input, const ExprType& of,
                                   const Scope& scope) {
    const bool type_name = ast.text == kResourceType;
    const fhir::Field* const row = type_name ? nullptr : choice_row(fhir::find_name(ast.text), of);
    const std::string wanted =
        compared_to_.empty() ? "type().name" : "ofType(" + compared_to_ + ")";
    const std::string right = type_name ? wanted
                                        : std::string(fhir::text_of(row->element)) + ".ofType(" +
                                              std::string(model_.name(row->type)) + ")";
    const std::string message =
        "'" + ast.text + "' is a name of FHIR's JSON, not an element: write " + right;
    if (context_.strictness == Strictness::kStrict) {
      return fail(ast.span, message).with_suggestion(right);
    }
    warnings_.push_back({ast.span, message});
    if (!type_name) {
      BoundPtr child = element_child(ast.span, row->element, std::move(input), of);
      return typed_call(ast.span, *find_function("ofType"), std::move(child), scope,
                        {row->type, fhir::kNoType});
    }
    KILN_ASSIGN(BoundPtr resource,
                typed_call(ast.span, *find_function("ofType"), std::move(input), scope,
                           {model_.find_type("Resource"), fhir::kNoType}));
    BoundPtr type = leaf(BoundKind::kFunction, ast.span, ExprType::anything(of.single));
    type->function = find_function("type");
    type->input_type = resource->type;
    type->input = std::move(resource);
    BoundPtr name = leaf(BoundKind::kChild, ast.span, ExprType::of(fhir::kSystemString, of.single));
    name->element = fhir::names::kName;
    name->input_type = type->type;
    name->input = std::move(type);
    return name;
  }

  /// The element of that name; null if no type that the input may have has one.
  BoundPtr try_child(const Ast& ast, BoundPtr input, const ExprType& of) {
    const NameId element = fhir::find_name(ast.text);
    if (element == fhir::kNoName) return nullptr;
    BoundPtr child = element_child(ast.span, element, std::move(input), of);
    return child->type.is_empty() ? nullptr : std::move(child);
  }

  BoundPtr element_child(Span span, NameId element, BoundPtr input, const ExprType& of) {
    ExprType type;
    type.single = of.single && !of.open;
    type.ordered = of.ordered;
    type.open = of.open;
    const std::string_view text = fhir::text_of(element);
    for (const TypeId candidate : of.types) {
      if (candidate == fhir::kSystemQuantity && (text == "value" || text == "unit")) {
        add_types(type, ExprType::of(text == "value" ? fhir::kSystemDecimal : fhir::kSystemString));
      }
      for (const fhir::Field& row : model_.element(candidate, element)) {
        add_types(type, ExprType::of(row.type));
        if (row.list) type.single = false;
        if (row.type >= fhir::kFirstFhirType && model_.is_abstract(row.type)) type.open = true;
      }
    }
    BoundPtr child = leaf(BoundKind::kChild, span, std::move(type));
    child->element = element;
    child->input = std::move(input);
    child->input_type = of;
    return child;
  }

  /// A type's name at the head of a path: Patient.name is name if $this is a Patient.
  std::optional<BoundPtr> head_type(const Ast& ast, const Scope& scope) {
    const TypeId type = model_.find_type(ast.text);
    if (type == fhir::kNoType) return std::nullopt;
    const ExprType left = narrowed(model_, scope.self, type, fhir::kNoType);
    if (left.is_empty()) return std::nullopt;
    const bool always =
        !scope.self.open && std::all_of(scope.self.types.begin(), scope.self.types.end(),
                                        [&](TypeId t) { return model_.is_subtype(t, type); });
    if (always) return leaf(BoundKind::kThis, ast.span, scope.self);
    BoundPtr filter = leaf(BoundKind::kFunction, ast.span, left);
    filter->function = find_function("ofType");
    filter->fhir_type = type;
    filter->input_type = scope.self;
    return filter;
  }

  base::Result<BoundPtr> unknown_element(const Ast& ast, const ExprType& of) {
    if (!strict()) return nothing(ast.span);
    const bool only_primitives =
        !of.open && std::all_of(of.types.begin(), of.types.end(), [&](TypeId type) {
          return type < fhir::kFirstFhirType || model_.kind(type) == fhir::TypeKind::kPrimitive;
        });
    if (of.is_empty()) return nothing(ast.span);
    if ((only_primitives && context_.strictness == Strictness::kView) || context_.warn_of_unknown) {
      warnings_.push_back({ast.span, "always empty: " + describe(model_, of) + " has no element '" +
                                         ast.text + "'"});
      return nothing(ast.span);
    }
    std::vector<std::string_view> known;
    for (const TypeId type : of.types) {
      for (const fhir::Field& row : model_.fields(type))
        known.push_back(fhir::text_of(row.element));
    }
    if (!step(known.size() * kStepsToSuggest)) return refused(ast.span);
    const TypeId as_type = model_.find_type(ast.text);
    if (ast.children.empty() && as_type != fhir::kNoType) {
      return fail(ast.span, "the expression is evaluated on " + describe(model_, of) + ", not on " +
                                ast.text);
    }
    return fail(ast.span, "unknown element: '" + ast.text + "' of " + describe(model_, of))
        .with_suggestion(base::nearest_name(ast.text, known));
  }

  // ---- types ----

  base::Result<NamedType> named_type(Span span, std::string_view name) {
    NamedType type;
    if (name.starts_with("System.")) {
      type.system = find_system_type(model_, name.substr(7));
    } else if (name.starts_with("FHIR.")) {
      type.fhir = model_.find_type(name.substr(5));
    } else {
      type.fhir = model_.find_type(name);
      type.system = find_system_type(model_, name);
    }
    if (type.fhir == fhir::kNoType && type.system == fhir::kNoType && strict()) {
      std::vector<std::string_view> known;
      for (size_t i = 1; i < model_.type_count(); ++i) {
        known.push_back(model_.name(static_cast<TypeId>(i)));
      }
      if (!step(known.size() * kStepsToSuggest)) return refused(span);
      return fail(span, "unknown type: " + std::string(name))
          .with_suggestion(base::nearest_name(name, known));
    }
    return type;
  }

  /// A type's name given as an argument: Quantity, FHIR.Quantity.
  base::Result<NamedType> type_argument(const Ast& ast) {
    std::string name;
    const Ast* part = &ast;
    while (part->kind == AstKind::kName) {
      name = part->text + (name.empty() ? "" : "." + name);
      if (part->children.empty()) return named_type(ast.span, name);
      part = part->children[0].get();
    }
    return fail(ast.span, "expected the name of a type");
  }

  base::Result<BoundPtr> type_operator(const Ast& ast, const Scope& scope) {
    KILN_ASSIGN(BoundPtr input, bind(*ast.children[0], scope));
    KILN_ASSIGN(const NamedType type, named_type(ast.span, ast.unit));
    return typed_call(ast.span, *find_function(ast.text), std::move(input), scope, type);
  }

  base::Result<BoundPtr> typed_call(Span span, const FunctionRow& row, BoundPtr input,
                                    const Scope& scope, const NamedType& type) {
    const ExprType input_type = input ? input->type : scope.self;
    BoundPtr bound = leaf(BoundKind::kFunction, span, ExprType());
    bound->function = &row;
    bound->fhir_type = type.fhir;
    bound->system_type = type.system;
    bound->input = std::move(input);
    bound->input_type = input_type;
    KILN_TRY(check_input(*bound, input_type));
    switch (row.returns) {
      case Returns::kNamedType:
      case Returns::kNamedTypeOne:
        bound->type = narrowed(model_, input_type, type.fhir, type.system);
        if (row.returns == Returns::kNamedTypeOne) bound->type.single = true;
        if (strict() && bound->type.is_empty() && !input_type.is_empty()) {
          return fail(span, "always empty: " + describe(model_, input_type) + " is never a " +
                                std::string(type.fhir != fhir::kNoType ? model_.name(type.fhir)
                                                                       : model_.name(type.system)));
        }
        break;
      case Returns::kStrings:
        bound->type = ExprType::of(fhir::kSystemString, input_type.single);
        break;
      default:
        bound->type = ExprType::of(fhir::kSystemBoolean);
        break;
    }
    return bound;
  }

  // ---- functions and operators ----

  base::Result<BoundPtr> function(const Ast& ast, const Scope& scope) {
    const FunctionRow* const row = find_function(ast.text);
    if (row == nullptr || ast.text == "[]") {
      const auto names = function_names();
      if (!step(names.size() * kStepsToSuggest)) return refused(ast.span);
      return fail(ast.span, "unknown function: " + ast.text + "()")
          .with_suggestion(base::nearest_name(ast.text, {names.begin(), names.end()}));
    }
    return call(ast, *row, scope);
  }

  base::Result<BoundPtr> call(const Ast& ast, const FunctionRow& row, const Scope& scope) {
    const size_t count = ast.children.size() - 1;
    if (count < row.min_arguments || count > row.max_arguments) {
      return fail(ast.span, std::string(row.name) + "() takes " + arity(row) + ", got " +
                                std::to_string(count));
    }
    BoundPtr input;
    if (ast.children[0]) {
      KILN_ASSIGN(input, bind(*ast.children[0], scope));
    }
    const bool names_type = count > 0 && row.argument(0).pass == Pass::kType;
    if (names_type || (count == 0 && row.arguments[0].pass == Pass::kType)) {
      NamedType type;
      if (names_type) {
        KILN_ASSIGN(type, type_argument(*ast.children[1]));
      }
      return typed_call(ast.span, row, std::move(input), scope, type);
    }
    const ExprType input_type = input ? input->type : scope.self;
    BoundPtr bound = leaf(BoundKind::kFunction, ast.span, ExprType());
    bound->function = &row;
    bound->input = std::move(input);
    bound->input_type = input_type;
    KILN_TRY(check_input(*bound, input_type));
    KILN_TRY(bind_arguments(ast, scope, input_type, *bound));
    // Types are put together, or each of one side is held against each of the other.
    for (const BoundPtr& argument : bound->arguments) {
      const size_t types = argument->type.types.size();
      if (!step(types * (1 + input_type.types.size()))) return refused(ast.span);
    }
    KILN_ASSIGN(bound->type, result_type(*bound, input_type));
    return bound;
  }

  static std::string arity(const FunctionRow& row) {
    if (row.max_arguments == 0) return "no argument";
    std::string text = std::to_string(row.min_arguments);
    if (row.max_arguments != row.min_arguments) text += " to " + std::to_string(row.max_arguments);
    return text + (row.max_arguments == 1 ? " argument" : " arguments");
  }

  base::Status check_input(const Bound& bound, const ExprType& input) {
    const FunctionRow& row = *bound.function;
    if (!strict()) return {};
    if (!may_be(model_, input, row.input)) {
      return fail(bound.span, std::string(row.name) + ": expected " +
                                  std::string(describe(row.input)) + ", got " +
                                  describe(model_, input));
    }
    if (row.needs_order && !input.ordered && context_.strictness == Strictness::kStrict) {
      return fail(bound.span, std::string(row.name) + ": the items have no order here");
    }
    return {};
  }

  base::Status bind_arguments(const Ast& ast, const Scope& scope, const ExprType& input_type,
                              Bound& bound) {
    const FunctionRow& row = *bound.function;
    for (size_t i = 1; i < ast.children.size(); ++i) {
      const Argument& expected = row.argument(i - 1);
      const Ast* argument = ast.children[i].get();
      Scope inner = scope;
      if (expected.pass == Pass::kLambda && (row.reads != Reads::kBranches || ast.children[0])) {
        inner.self = input_type;
        inner.self.single = true;
        inner.in_aggregate = scope.in_aggregate || row.max_arguments == 2;
      }
      // A sort key with a minus sign is a descending one.
      const bool descending =
          row.name == "sort" && argument->kind == AstKind::kUnary && argument->text == "-";
      if (descending) argument = argument->children[0].get();
      KILN_ASSIGN(BoundPtr bound_argument, bind(*argument, inner));
      bound_argument->descending = descending;
      if (strict() && !may_be(model_, bound_argument->type, expected.expect)) {
        return fail(bound_argument->span, std::string(row.name) + ": expected " +
                                              std::string(describe(expected.expect)) + ", got " +
                                              describe(model_, bound_argument->type));
      }
      bound.arguments.push_back(std::move(bound_argument));
    }
    return {};
  }

  base::Result<ExprType> result_type(const Bound& bound, const ExprType& input) {
    const FunctionRow& row = *bound.function;
    const auto argument = [&](size_t i) { return bound.arguments[i]->type; };
    switch (row.returns) {
      case Returns::kBoolean:
        KILN_TRY(check_comparison(bound, input));
        return ExprType::of(fhir::kSystemBoolean);
      case Returns::kInteger:
        return ExprType::of(fhir::kSystemInteger);
      case Returns::kLong:
        return ExprType::of(fhir::kSystemLong);
      case Returns::kDecimal: {
        if (!bound.arguments.empty() && row.name == "/") return operands_type(bound, input);
        return ExprType::of(fhir::kSystemDecimal);
      }
      case Returns::kString:
        return ExprType::of(fhir::kSystemString);
      case Returns::kStrings:
        return ExprType::of(fhir::kSystemString, row.reads == Reads::kResourceKey && input.single);
      case Returns::kDate:
        return ExprType::of(fhir::kSystemDate);
      case Returns::kDateTime:
        return ExprType::of(fhir::kSystemDateTime);
      case Returns::kTime:
        return ExprType::of(fhir::kSystemTime);
      case Returns::kQuantity:
        return ExprType::of(fhir::kSystemQuantity);
      case Returns::kInput:
        return input;
      case Returns::kInputItem: {
        ExprType type = input;
        type.single = true;
        return type;
      }
      case Returns::kInputNumber: {
        ExprType type;
        type.open = input.open;
        for (const TypeId t : input.types) {
          TypeId system = system_type_of(model_, t);
          // The boundaries of an Integer are Decimals.
          if (row.input == Expect::kBounded && system == fhir::kSystemInteger) {
            system = fhir::kSystemDecimal;
          }
          add_types(type, ExprType::of(system));
        }
        return type;
      }
      case Returns::kArgument: {
        ExprType type = argument(0);
        type.single = type.single && input.single;
        type.ordered = type.ordered && input.ordered;
        return type;
      }
      case Returns::kRepeat: {
        ExprType type = argument(0);
        type.single = false;
        return type;
      }
      case Returns::kBranches: {
        ExprType type = argument(1);
        if (bound.arguments.size() > 2) {
          add_types(type, argument(2));
          type.single = type.single && argument(2).single;
        }
        return type;
      }
      case Returns::kWithArgument: {
        ExprType type = input;
        add_types(type, argument(0));
        type.single = false;
        return type;
      }
      case Returns::kArithmetic:
      case Returns::kSum:
        return operands_type(bound, input);
      case Returns::kExtensions:
        return ExprType::of(model_.find_type("Extension"), false);
      case Returns::kChildren: {
        ExprType type = ExprType::anything();
        type.ordered = false;
        return type;
      }
      case Returns::kTypeInfo:
        return ExprType::anything(input.single);
      case Returns::kReference:
      case Returns::kAnything:
      case Returns::kNamedType:
      case Returns::kNamedTypeOne:
        break;
    }
    return ExprType::anything();
  }

  base::Result<ExprType> operands_type(const Bound& bound, const ExprType& input) {
    auto type = arithmetic_type(model_, *bound.function, input, bound.arguments[0]->type);
    if (type) return *type;
    if (!strict()) return ExprType::anything(true);
    return fail(bound.span, std::string(bound.function->name) + ": cannot be applied to " +
                                describe(model_, input) + " and " +
                                describe(model_, bound.arguments[0]->type));
  }

  /// < > <= >= between types that have no common order; = that can never hold is only suspicious.
  base::Status check_comparison(const Bound& bound, const ExprType& input) {
    const std::string_view op = bound.function->name;
    if (!strict() || bound.arguments.size() != 1 || find_operator(op) != bound.function) return {};
    const ExprType& right = bound.arguments[0]->type;
    const bool ordering = op.front() == '<' || op.front() == '>';
    if (ordering && !may_be_ordered(model_, input, right)) {
      base::Error error =
          fail(bound.span, std::string(op) + ": cannot compare " + describe(model_, input) +
                               " and " + describe(model_, right));
      if (may_be(model_, input, Expect::kTemporal) && may_be(model_, right, Expect::kString)) {
        return std::move(error).with_suggestion("a date literal such as @2024-01-31");
      }
      return error;
    }
    if (is_number_with_quantity(model_, input, right)) {
      warnings_.push_back({bound.span,
                           "a number and a Quantity: comparable only where the unit is "
                           "'1', so compare the Quantity's value, or with a unit"});
    }
    if ((op == "=" || op == "!=" || op == "~" || op == "!~") &&
        !may_be_equal(model_, input, right)) {
      warnings_.push_back({bound.span, "never equal: " + describe(model_, input) + " and " +
                                           describe(model_, right)});
    }
    return {};
  }

  std::string_view text_;
  const BindContext& context_;
  const fhir::Model& model_;
  Program& program_;
  std::vector<Warning> warnings_;
  std::string compared_to_;  ///< a text that the name at hand is compared to
};

}  // namespace

TypeId system_type_of(const fhir::Model& model, TypeId type) {
  if (type < fhir::kFirstFhirType) return type;
  const TypeId system = model.system_type(type);
  if (system != fhir::kNoType) return system;
  static constexpr std::string_view kQuantity = "Quantity";
  const TypeId quantity = model.find_type(kQuantity);
  return model.is_subtype(type, quantity) ? fhir::kSystemQuantity : type;
}

std::string describe(const fhir::Model& model, const ExprType& type) {
  if (type.types.empty()) return type.open ? "any type" : "nothing";
  static constexpr size_t kMostNamed = 4;
  std::string text;
  for (size_t i = 0; i < type.types.size() && i < kMostNamed; ++i) {
    if (i != 0) text += i + 1 == type.types.size() ? " or " : ", ";
    text += model.name(type.types[i]);
  }
  if (type.types.size() > kMostNamed) text += " ...";
  return text;
}

base::Error refused_error(const base::Work& work, std::string_view text, Span span) {
  base::Error error = work.error("compiling the expression");
  return error_at(text, span, error.message(), error.code());
}

base::Result<BoundExpression> bind_expression(const Ast& ast, std::string_view text,
                                              const BindContext& context, const ExprType& focus,
                                              Program& program) {
  Binder binder(text, context, program);
  Scope scope;
  scope.self = focus;
  scope.self.single = true;
  KILN_ASSIGN(std::unique_ptr<Bound> tree, binder.bind(ast, scope));
  return BoundExpression{std::move(tree), binder.take_warnings()};
}

}  // namespace kiln::fhirpath
