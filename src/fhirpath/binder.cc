// Walks the parsed tree and makes a bound node of each node. This file has the walk and the
// constants, binder_names.cc what a name may be, binder_calls.cc functions and operators. What a
// type allows and yields is asked of typing.h, what a function is of its row.
#include "fhirpath/binder.h"

#include <utility>

#include "base/near_name.h"
#include "fhirpath/binding.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

/// %resource and the like, all of which are the resource itself.
constexpr std::string_view kRoots[] = {"resource", "context", "rootResource"};
constexpr std::string_view kRowIndex = "rowIndex";

/// Texts that FHIR names.
constexpr std::pair<std::string_view, std::string_view> kUrls[] = {
    {"sct", "http://snomed.info/sct"},
    {"loinc", "http://loinc.org"},
    {"ucum", "http://unitsofmeasure.org"}};
/// The same by how the name begins: the rest goes to the end of the text.
constexpr std::pair<std::string_view, std::string_view> kUrlsOfPrefix[] = {
    {"vs-", "http://hl7.org/fhir/ValueSet/"}, {"ext-", "http://hl7.org/fhir/StructureDefinition/"}};

std::string url_of(std::string_view name) {
  for (const auto& [known, url] : kUrls) {
    if (name == known) return std::string(url);
  }
  for (const auto& [prefix, url] : kUrlsOfPrefix) {
    if (name.starts_with(prefix)) return std::string(url) + std::string(name.substr(prefix.size()));
  }
  return {};
}

std::string with_percent(std::string name) { return name.empty() ? name : "%" + name; }

}  // namespace

base::Result<Binder::BoundPtr> Binder::bind(const Ast& ast, const Scope& scope) {
  if (!step(1 + scope.self.types.size())) return refused(ast.span);
  switch (ast.kind) {
    case AstKind::kEmpty:
      return nothing(ast.span);
    case AstKind::kBoolean:
      return literal(ast, fhir::kSystemBoolean);
    case AstKind::kString:
      return literal(ast, fhir::kSystemString);
    case AstKind::kInteger:
      return literal(ast, fhir::kSystemInteger);
    case AstKind::kLong:
      return literal(ast, fhir::kSystemLong);
    case AstKind::kDecimal:
      return literal(ast, fhir::kSystemDecimal);
    case AstKind::kDate:
      return literal(ast, fhir::kSystemDate);
    case AstKind::kDateTime:
      return literal(ast, fhir::kSystemDateTime);
    case AstKind::kTime:
      return literal(ast, fhir::kSystemTime);
    case AstKind::kQuantity:
      return quantity(ast);
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
      return call(ast, *find_operator(ast.text), scope);
    case AstKind::kUnary:
      return call(ast, *find_sign(ast.text), scope);
    case AstKind::kBinary:
      return comparison(ast, scope);
    case AstKind::kType:
      return type_operator(ast, scope);
  }
  return fail(ast.span, "an expression of unknown kind");
}

Binder::BoundPtr Binder::leaf(BoundKind kind, Span span, ExprType type) {
  BoundPtr bound(new Bound);
  bound->kind = kind;
  bound->span = span;
  bound->type = std::move(type);
  return bound;
}

// ---- constants ----

base::Result<Binder::BoundPtr> Binder::literal(const Ast& ast, fhir::TypeId system) {
  return value(ast.span, system, ast.text);
}

base::Result<Binder::BoundPtr> Binder::quantity(const Ast& ast) {
  auto literal = quantity_literal(ast.text, ast.unit, ast.calendar);
  if (!literal) return fail(ast.span, "not a number: " + ast.text);
  BoundPtr bound = leaf(BoundKind::kConstant, ast.span, ExprType::of(literal->type));
  bound->constant = std::move(*literal);
  return bound;
}

/// A System value from its text.
base::Result<Binder::BoundPtr> Binder::value(Span span, fhir::TypeId system,
                                             std::string_view text) {
  auto literal = literal_of(system, text);
  if (!literal) {
    const std::string name(model_.name(system));
    return fail(span, (name == "Integer" ? "not an " : "not a ") + name + ": " + std::string(text));
  }
  BoundPtr bound = leaf(BoundKind::kConstant, span, ExprType::of(literal->type));
  bound->constant = std::move(*literal);
  return bound;
}

base::Result<Binder::BoundPtr> Binder::external(const Ast& ast) {
  const std::string& name = ast.text;
  if (context_.constants != nullptr) {
    const auto found = context_.constants->find(name);
    if (found != context_.constants->end()) {
      fhir::TypeId system = model_.system_type(found->second.type);
      if (system == fhir::kNoType) system = fhir::kSystemString;
      return value(ast.span, system, found->second.text);
    }
  }
  if (std::find(std::begin(kRoots), std::end(kRoots), name) != std::end(kRoots)) {
    return leaf(BoundKind::kRoot, ast.span,
                context_.resource == fhir::kNoType ? ExprType::anything(true)
                                                   : ExprType::of(context_.resource));
  }
  if (name == kRowIndex && context_.row_index) {
    return leaf(BoundKind::kRowIndex, ast.span, ExprType::of(fhir::kSystemInteger));
  }
  const std::string url = url_of(name);
  return url.empty() ? unknown_external(ast) : value(ast.span, fhir::kSystemString, url);
}

base::Result<Binder::BoundPtr> Binder::unknown_external(const Ast& ast) {
  std::vector<std::string_view> known(std::begin(kRoots), std::end(kRoots));
  for (const auto& [name, url] : kUrls) known.push_back(name);
  if (context_.row_index) known.push_back(kRowIndex);
  const size_t constants = context_.constants == nullptr ? 0 : context_.constants->size();
  if (!step((known.size() + constants) * kStepsToSuggest)) return refused(ast.span);
  if (context_.constants != nullptr) {
    for (const auto& [name, unused] : *context_.constants) known.push_back(name);
  }
  return fail(ast.span, "unknown constant: %" + ast.text)
      .with_suggestion(with_percent(base::nearest_name(ast.text, known)));
}

// ---- the door ----

base::Error refused_error(const base::Work& work, std::string_view text, Span span) {
  base::Error error = work.error("compiling the expression");
  return error_at(text, span, error.message(), error.code());
}

base::Result<BoundExpression> bind_expression(const Ast& ast, std::string_view text,
                                              const BindContext& context, const ExprType& focus) {
  Binder binder(text, context);
  Scope scope;
  scope.self = focus;
  scope.self.single = true;
  KILN_ASSIGN(std::unique_ptr<Bound> tree, binder.bind(ast, scope));
  return BoundExpression{std::move(tree), binder.take_warnings()};
}

}  // namespace kiln::fhirpath
