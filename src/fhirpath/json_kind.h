// How a value of a FHIR type looks in JSON (FHIR §2.6.2).
#pragma once

#include "fhir/model.h"
#include "json/tape.h"

namespace kiln::fhirpath {

/// A set of json::NodeKind, a bit each.
using JsonKinds = uint8_t;

constexpr JsonKinds json_kind(json::NodeKind kind) {
  return static_cast<JsonKinds>(1U << static_cast<unsigned>(kind));
}

/// The kinds that a value of the type may be of: a number for a decimal, an object for a HumanName;
/// any for kNoType. null, which stands for no value, is always among them.
JsonKinds json_kinds_of(const fhir::Model& model, fhir::TypeId type);
/// The same by the System type of a primitive's value; in place, as each value that is read asks.
constexpr JsonKinds json_kinds_of_value(fhir::TypeId system) {
  using json::NodeKind;
  constexpr JsonKinds kNull = json_kind(NodeKind::kNull);
  constexpr JsonKinds kNumber = json_kind(NodeKind::kNumber);
  constexpr JsonKinds kString = json_kind(NodeKind::kString);
  switch (system) {
    case fhir::kNoType:
      return 0xFF;
    case fhir::kSystemBoolean:
      return kNull | json_kind(NodeKind::kTrue) | json_kind(NodeKind::kFalse);
    case fhir::kSystemInteger:
    case fhir::kSystemDecimal:
      return kNull | kNumber;
    case fhir::kSystemLong:  // a string in FHIR's JSON, which many write as a number
      return kNull | kString | kNumber;
    default:
      return kNull | kString;
  }
}

}  // namespace kiln::fhirpath
