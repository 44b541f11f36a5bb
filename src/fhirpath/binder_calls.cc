// Functions and operators: the row that a name stands for, its arguments, and what is wrong with
// the types of either. The rows are data (function.h): nothing here knows one of them.
#include <utility>

#include "base/near_name.h"
#include "fhirpath/binding.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

std::string arity(const Arguments& arguments) {
  if (arguments.most == 0) return "no argument";
  std::string text = std::to_string(arguments.least);
  if (arguments.most != arguments.least) text += " to " + std::to_string(arguments.most);
  return text + (arguments.most == 1 ? " argument" : " arguments");
}

/// The text in `resourceType = 'Patient'`.
std::string text_compared(const Ast& ast, Compares compares) {
  if (compares != Compares::kEqual && compares != Compares::kEquivalent) return {};
  for (const bool left : {true, false}) {
    const Ast& name = *ast.children[left ? 0 : 1];
    const Ast& text = *ast.children[left ? 1 : 0];
    if (name.kind == AstKind::kName && name.text == kResourceTypeKey &&
        text.kind == AstKind::kString) {
      return text.text;
    }
  }
  return {};
}

}  // namespace

base::Result<Binder::BoundPtr> Binder::comparison(const Ast& ast, const Scope& scope) {
  const FunctionRow& row = *find_operator(ast.text);
  const std::string outer = std::exchange(compared_to_, text_compared(ast, row.compares));
  auto bound = call(ast, row, scope);
  compared_to_ = outer;
  return bound;
}

base::Result<NamedType> Binder::named_type(Span span, std::string_view name) {
  const NamedType type = find_named_type(model_, name);
  if (type.fhir == fhir::kNoType && type.system == fhir::kNoType && strict()) {
    const std::vector<std::string_view> known = model_.type_names();
    if (!step(known.size() * kStepsToSuggest)) return refused(span);
    return fail(span, "unknown type: " + std::string(name))
        .with_suggestion(base::nearest_name(name, known));
  }
  return type;
}

/// A type's name given as an argument: Quantity, FHIR.Quantity.
base::Result<NamedType> Binder::type_argument(const Ast& ast) {
  std::string name;
  const Ast* part = &ast;
  while (part->kind == AstKind::kName) {
    name = part->text + (name.empty() ? "" : "." + name);
    if (part->children.empty()) return named_type(ast.span, name);
    part = part->children[0].get();
  }
  return fail(ast.span, "expected the name of a type");
}

base::Result<Binder::BoundPtr> Binder::type_operator(const Ast& ast, const Scope& scope) {
  KILN_ASSIGN(BoundPtr input, bind(*ast.children[0], scope));
  KILN_ASSIGN(const NamedType type, named_type(ast.span, ast.unit));
  return typed_call(ast.span, *find_function(ast.text), std::move(input), scope, type);
}

base::Result<Binder::BoundPtr> Binder::typed_call(Span span, const FunctionRow& row, BoundPtr input,
                                                  const Scope& scope, const NamedType& type) {
  BoundPtr bound = leaf(BoundKind::kFunction, span, ExprType());
  bound->function = &row;
  bound->named = type;
  bound->input_type = input ? input->type : scope.self;
  bound->input = std::move(input);
  KILN_TRY(check_input(*bound));
  KILN_ASSIGN(bound->type, type_of_call(*bound));
  const bool narrows = row.returns == Returns::kNamedType || row.returns == Returns::kNamedTypeOne;
  if (strict() && narrows && bound->type.is_empty() && !bound->input_type.is_empty()) {
    return fail(span,
                "always empty: " + describe(model_, bound->input_type) + " is never a " +
                    std::string(model_.name(type.fhir != fhir::kNoType ? type.fhir : type.system)));
  }
  return bound;
}

base::Result<Binder::BoundPtr> Binder::function(const Ast& ast, const Scope& scope) {
  const FunctionRow* const row = find_function(ast.text);
  if (row == nullptr) {
    const auto names = function_names();
    if (!step(names.size() * kStepsToSuggest)) return refused(ast.span);
    return fail(ast.span, "unknown function: " + ast.text + "()")
        .with_suggestion(base::nearest_name(ast.text, {names.begin(), names.end()}));
  }
  return call(ast, *row, scope);
}

base::Result<Binder::BoundPtr> Binder::call(const Ast& ast, const FunctionRow& row,
                                            const Scope& scope) {
  const size_t count = ast.children.size() - 1;
  if (count < row.arguments.least || count > row.arguments.most) {
    return fail(ast.span, std::string(row.name) + "() takes " + arity(row.arguments) + ", got " +
                              std::to_string(count));
  }
  BoundPtr input;
  if (ast.children[0]) {
    KILN_ASSIGN(input, bind(*ast.children[0], scope));
  }
  if (row.argument(0).pass == Pass::kType) {
    NamedType type;
    if (count > 0) {
      KILN_ASSIGN(type, type_argument(*ast.children[1]));
    }
    return typed_call(ast.span, row, std::move(input), scope, type);
  }
  BoundPtr bound = leaf(BoundKind::kFunction, ast.span, ExprType());
  bound->function = &row;
  bound->input_type = input ? input->type : scope.self;
  bound->input = std::move(input);
  KILN_TRY(check_input(*bound));
  KILN_TRY(bind_arguments(ast, scope, *bound));
  // Types are put together, or each of one side is held against each of the other.
  for (const BoundPtr& argument : bound->arguments) {
    const size_t types = argument->type.types.size();
    if (!step(types * (1 + bound->input_type.types.size()))) return refused(ast.span);
  }
  KILN_TRY(check_comparison(*bound));
  KILN_ASSIGN(bound->type, type_of_call(*bound));
  return bound;
}

base::Status Binder::check_input(const Bound& bound) const {
  const FunctionRow& row = *bound.function;
  const ExprType& input = bound.input_type;
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

base::Status Binder::bind_arguments(const Ast& ast, const Scope& scope, Bound& bound) {
  const FunctionRow& row = *bound.function;
  for (size_t i = 1; i < ast.children.size(); ++i) {
    const Argument& expected = row.argument(i - 1);
    const Ast* argument = ast.children[i].get();
    Scope inner = scope;
    if (expected.pass == Pass::kLambda && (row.reads != Reads::kBranches || ast.children[0])) {
      inner.self = bound.input_type;
      inner.self.single = true;
      inner.in_aggregate = scope.in_aggregate || row.has_total;
    }
    const bool descending =
        expected.may_descend && argument->kind == AstKind::kUnary && argument->text == "-";
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

base::Result<ExprType> Binder::type_of_call(const Bound& bound) const {
  auto type = result_type(model_, bound);
  if (type) return *std::move(type);
  if (!strict()) return ExprType::anything(true);
  return fail(bound.span, std::string(bound.function->name) + ": cannot be applied to " +
                              describe(model_, bound.input_type) + " and " +
                              describe(model_, bound.arguments[0]->type));
}

/// < > <= >= between types that have no common order; = that can never hold is only suspicious.
base::Status Binder::check_comparison(const Bound& bound) {
  const Compares compares = bound.function->compares;
  if (!strict() || compares == Compares::kNothing) return {};
  const ExprType& input = bound.input_type;
  const ExprType& right = bound.arguments[0]->type;
  if (compares == Compares::kOrder && !may_be_ordered(model_, input, right)) {
    base::Error error =
        fail(bound.span, std::string(bound.function->name) + ": cannot compare " +
                             describe(model_, input) + " and " + describe(model_, right));
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
  const bool equality = compares != Compares::kOrder && compares != Compares::kMembers;
  if (equality && !may_be_equal(model_, input, right)) {
    warnings_.push_back({bound.span, "never equal: " + describe(model_, input) + " and " +
                                         describe(model_, right)});
  }
  return {};
}

}  // namespace kiln::fhirpath
