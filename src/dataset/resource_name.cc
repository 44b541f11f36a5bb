#include "dataset/resource_name.h"

#include "fhir/element_names.h"
#include "fhir/model.h"
#include "json/line_parser.h"
#include "json/text.h"

namespace kiln::dataset {

std::string resource_name(const char* resource) {
  static const json::Shape kShape = [] {
    json::ShapeBuilder builder;
    builder.field(json::kRootShape, "id", fhir::names::kId);
    builder.field(json::kRootShape, "resourceType", fhir::names::kResourceType);
    return json::Shape(builder.build(), nullptr);
  }();
  std::string name = json::shortened(json::find_resource_type(resource));
  if (name.empty()) return name;
  json::LineParser parser(kShape);
  if (parser.parse_object("", resource).kind != json::LineResult::Kind::kResource) return name;
  const json::Tape& tape = parser.tape();
  for (uint32_t i = 1; i < tape.size(); i = tape[i].end) {
    if (tape[i].name != fhir::names::kId || tape[i].kind != json::NodeKind::kString) continue;
    return name + "/" + json::shortened(tape[i].view());
  }
  return name;
}

}  // namespace kiln::dataset
