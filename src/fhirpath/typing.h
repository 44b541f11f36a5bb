// Rules of static types: what may stand where, and what comes out.
#pragma once

#include <optional>
#include <string>

#include "fhirpath/bound.h"

namespace kiln::fhirpath {

/// Whether values of the type may be what a function expects.
bool may_be(const fhir::Model& model, const ExprType& type, Expect expect);
/// "a String", for messages.
std::string_view describe(Expect expect);

/// The System type that an item of a type has or is converted to: code → String, Quantity →
/// System.Quantity; the type itself where there is none.
fhir::TypeId system_type_of(const fhir::Model& model, fhir::TypeId type);
/// "Patient or String", for messages.
std::string describe(const fhir::Model& model, const ExprType& type);

/// What a function or operator yields, as its row says; nothing for an arithmetic one whose
/// operands do not go together.
std::optional<ExprType> result_type(const fhir::Model& model, const Bound& call);
/// What elements of a name yield; nothing (an empty type) if no type that `of` may be has one.
ExprType element_type(const fhir::Model& model, const ExprType& of, fhir::NameId element);

/// Whether < > <= >= may compare the two.
bool may_be_ordered(const fhir::Model& model, const ExprType& left, const ExprType& right);
/// Whether = may ever be true.
bool may_be_equal(const fhir::Model& model, const ExprType& left, const ExprType& right);

/// Whether one side is a number and the other a Quantity, which is then compared only where its
/// unit is '1'.
bool is_number_with_quantity(const fhir::Model& model, const ExprType& left, const ExprType& right);

/// Whether a System type is Date, DateTime or Time.
constexpr bool is_temporal(fhir::TypeId system) {
  return system == fhir::kSystemDate || system == fhir::kSystemDateTime ||
         system == fhir::kSystemTime;
}
/// A value of one of these from its text; nothing if it is none.
std::optional<fhir::Temporal> parse_temporal(fhir::TypeId system, std::string_view text);

/// Adds types that are not there yet.
void add_types(ExprType& type, const ExprType& more);

/// Whether a value of `type` is what ofType(wanted) keeps: exact for primitives, subtypes for the
/// rest.
bool is_named_type(const fhir::Model& model, fhir::TypeId type, fhir::TypeId wanted);

/// The types that are left after ofType or as.
ExprType narrowed(const fhir::Model& model, const ExprType& type, const NamedType& named);
/// Of "Quantity", "FHIR.Quantity", "System.Quantity"; kNoType twice for an unknown name.
NamedType find_named_type(const fhir::Model& model, std::string_view name);

}  // namespace kiln::fhirpath
