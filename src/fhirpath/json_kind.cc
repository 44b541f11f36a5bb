#include "fhirpath/json_kind.h"

namespace kiln::fhirpath {
namespace {

constexpr JsonKinds kAny = 0xFF;
constexpr JsonKinds kNull = json_kind(json::NodeKind::kNull);

}  // namespace

JsonKinds json_kinds_of(const fhir::Model& model, fhir::TypeId type) {
  if (type == fhir::kNoType || model.kind(type) == fhir::TypeKind::kSystem) return kAny;
  const fhir::TypeId system = model.system_type(type);
  if (system == fhir::kNoType) return kNull | json_kind(json::NodeKind::kObject);
  return json_kinds_of_value(system);
}

JsonKinds json_kinds_of_value(fhir::TypeId system) {
  using json::NodeKind;
  constexpr JsonKinds kNumber = json_kind(NodeKind::kNumber);
  constexpr JsonKinds kString = json_kind(NodeKind::kString);
  switch (system) {
    case fhir::kNoType:
      return kAny;
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
