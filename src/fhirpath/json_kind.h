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
/// The same by the System type of a primitive's value.
JsonKinds json_kinds_of_value(fhir::TypeId system);

}  // namespace kiln::fhirpath
