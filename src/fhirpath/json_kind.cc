#include "fhirpath/json_kind.h"

namespace kiln::fhirpath {

JsonKinds json_kinds_of(const fhir::Model& model, fhir::TypeId type) {
  if (type == fhir::kNoType || model.kind(type) == fhir::TypeKind::kSystem)
    return json_kinds_of_value(fhir::kNoType);
  const fhir::TypeId system = model.system_type(type);
  if (system == fhir::kNoType)
    return json_kind(json::NodeKind::kNull) | json_kind(json::NodeKind::kObject);
  return json_kinds_of_value(system);
}

}  // namespace kiln::fhirpath
