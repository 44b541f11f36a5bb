// The binder's own: one expression on its way from Ast to Bound. Callers have binder.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhirpath/binder.h"

namespace kiln::fhirpath {

/// The key of FHIR's JSON that tells a resource's type, and is no element.
inline constexpr std::string_view kResourceTypeKey = "resourceType";

/// What $this and $total are at a place in the expression.
struct Scope {
  ExprType self;
  ExprType total = ExprType::anything();
  bool in_aggregate = false;
};

/// Binds one expression. An error ends it; warnings are kept.
class Binder {
 public:
  using BoundPtr = std::unique_ptr<Bound>;

  /// Both must outlive it.
  Binder(std::string_view text, const BindContext& context)
      : text_(text), context_(context), model_(context.model) {}

  base::Result<BoundPtr> bind(const Ast& ast, const Scope& scope);
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
  static BoundPtr leaf(BoundKind kind, Span span, ExprType type);
  static BoundPtr nothing(Span span) { return leaf(BoundKind::kConstant, span, ExprType()); }

  // Constants.
  base::Result<BoundPtr> literal(const Ast& ast, fhir::TypeId system);
  base::Result<BoundPtr> quantity(const Ast& ast);
  base::Result<BoundPtr> value(Span span, fhir::TypeId system, std::string_view text);
  base::Result<BoundPtr> external(const Ast& ast);
  base::Result<BoundPtr> unknown_external(const Ast& ast);

  // Names (binder_names.cc).
  base::Result<BoundPtr> name(const Ast& ast, const Scope& scope);
  bool is_json_name(std::string_view text, const ExprType& of) const;
  const fhir::Field* choice_row(fhir::NameId key, const ExprType& of) const;
  base::Result<BoundPtr> json_name(const Ast& ast, BoundPtr input, const ExprType& of,
                                   const Scope& scope);
  base::Result<BoundPtr> resource_type_name(Span span, BoundPtr input, const ExprType& of,
                                            const Scope& scope);
  BoundPtr try_child(const Ast& ast, BoundPtr input, const ExprType& of);
  BoundPtr element_child(Span span, fhir::NameId element, BoundPtr input, const ExprType& of);
  BoundPtr head_type(const Ast& ast, const Scope& scope);
  base::Result<BoundPtr> unknown_element(const Ast& ast, const ExprType& of);

  // Functions and operators (binder_calls.cc).
  base::Result<BoundPtr> comparison(const Ast& ast, const Scope& scope);
  base::Result<BoundPtr> function(const Ast& ast, const Scope& scope);
  base::Result<BoundPtr> call(const Ast& ast, const FunctionRow& row, const Scope& scope);
  base::Result<NamedType> named_type(Span span, std::string_view name);
  base::Result<NamedType> type_argument(const Ast& ast);
  base::Result<BoundPtr> type_operator(const Ast& ast, const Scope& scope);
  base::Result<BoundPtr> typed_call(Span span, const FunctionRow& row, BoundPtr input,
                                    const Scope& scope, const NamedType& type);
  base::Status bind_arguments(const Ast& ast, const Scope& scope, Bound& bound);
  base::Result<ExprType> type_of_call(const Bound& bound) const;
  base::Status check_input(const Bound& bound) const;
  base::Status check_comparison(const Bound& bound);

  /// Holding one name against another, which may be what was meant.
  static constexpr size_t kStepsToSuggest = 32;

  const std::string_view text_;
  const BindContext& context_;
  const fhir::Model& model_;
  std::vector<Warning> warnings_;
  std::string compared_to_;  ///< a text that the name at hand is compared to
};

}  // namespace kiln::fhirpath
