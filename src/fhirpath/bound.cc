#include "fhirpath/bound.h"

#include "json/shape.h"

namespace kiln::fhirpath {

std::optional<uint32_t> constant_position(const Bound& call) {
  if (call.function->reads == Reads::kFirst) return 0;
  if (call.function->reads != Reads::kPosition) return std::nullopt;
  const int64_t* const index = call.arguments[0]->constant.integer();
  if (index == nullptr || *index < 0 || *index >= json::kAllItems) return std::nullopt;
  return static_cast<uint32_t>(*index);
}

std::span<const fhir::Field> known_rows(const fhir::Model& model, const Bound& child) {
  const ExprType& of = child.input_type;
  if (of.open || of.types.size() != 1 || !model.is_complex(of.types[0])) return {};
  return model.element(of.types[0], child.element);
}

}  // namespace kiln::fhirpath
