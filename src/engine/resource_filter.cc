#include "engine/resource_filter.h"

#include <algorithm>

#include "fhir/element_names.h"
#include "fhir/temporal.h"
#include "json/text.h"

namespace kiln::engine {
namespace {

constexpr uint32_t kRoot = 0;

/// Of an object; nothing else has members.
uint32_t member(const json::Tape& tape, uint32_t node, fhir::NameId name) {
  const bool object = tape[node].kind == json::NodeKind::kObject;
  return object ? tape.member(node, name) : json::kNoNode;
}

/// A string member's text; "" if there is none.
std::string text_member(const json::Tape& tape, uint32_t object, fhir::NameId name) {
  const uint32_t at = member(tape, object, name);
  if (at == json::kNoNode || tape[at].kind != json::NodeKind::kString) return {};
  std::string text;
  if (tape[at].escaped) {
    json::append_unescaped(text, tape[at].view());
  } else {
    text = tape[at].view();
  }
  return text;
}

}  // namespace

std::string_view patient_id_of(std::string_view reference) {
  static constexpr std::string_view kUuid = "urn:uuid:";
  if (reference.starts_with(kUuid)) return reference.substr(kUuid.size());
  const size_t history = reference.find("/_history/");
  reference = reference.substr(0, history);
  const size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view before = reference.substr(0, slash);
  const bool patient = before == "Patient" || before.ends_with("/Patient");
  return patient ? reference.substr(slash + 1) : std::string_view();
}

TypeFilter::TypeFilter(const FilterSpec& spec, const fhir::Model& model, fhir::TypeId type)
    : spec_(spec), type_(type), of_patient_(model.name(type) == "Patient") {
  json::ShapeBuilder shapes;
  const auto keep = [&](json::ShapeId parent, std::string_view key, fhir::NameId name) {
    const json::ShapeId shape = shapes.field(parent, key, name);
    shapes.need_items(shape, json::kAllItems);
    return shape;
  };
  keep(json::kRootShape, "resourceType", fhir::names::kResourceType);
  if (spec.since) {
    keep(keep(json::kRootShape, "meta", fhir::names::kMeta), "lastUpdated",
         fhir::names::kLastUpdated);
  }
  if (spec.patients) {
    if (of_patient_) keep(json::kRootShape, "id", fhir::names::kId);
    for (const fhir::CompartmentRow& row : model.patient_compartment(type)) {
      add_path(row.path, model, shapes);
    }
  }
  demand_ = shapes.build();
}

/// Follows the element names through the types, so that choices become their keys.
void TypeFilter::add_path(std::string_view path, const fhir::Model& model,
                          json::ShapeBuilder& shapes) {
  std::vector<Step> steps;
  std::vector<std::pair<fhir::TypeId, json::ShapeId>> places = {{type_, json::kRootShape}};
  while (!path.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    const fhir::NameId element = fhir::find_name(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    Step step;
    std::vector<std::pair<fhir::TypeId, json::ShapeId>> next;
    for (const auto& [type, shape] : places) {
      for (const fhir::Field& field : model.element(type, element)) {
        const json::ShapeId child = shapes.field(shape, fhir::text_of(field.json), field.json);
        shapes.need_items(child, json::kAllItems);
        next.emplace_back(field.type, child);
        step.push_back(field.json);
      }
    }
    places = std::move(next);
    steps.push_back(std::move(step));
  }
  for (const auto& [type, shape] : places) {
    shapes.need_items(shapes.field(shape, "reference", fhir::names::kReference), json::kAllItems);
  }
  paths_.push_back(std::move(steps));
}

bool TypeFilter::accepts(const json::Tape& tape) const {
  if (spec_.since && !is_recent(tape)) return false;
  return !spec_.patients || in_compartment(tape);
}

bool TypeFilter::in_compartment(const json::Tape& tape) const {
  if (of_patient_ && is_patient(text_member(tape, kRoot, fhir::names::kId))) return true;
  return std::any_of(paths_.begin(), paths_.end(), [&](const std::vector<Step>& path) {
    return leads_to_patient(tape, kRoot, path, 0);
  });
}

bool TypeFilter::leads_to_patient(const json::Tape& tape, uint32_t node,
                                  const std::vector<Step>& path, size_t depth) const {
  if (tape[node].kind == json::NodeKind::kArray) {
    for (uint32_t i = node + 1; i < tape[node].end; i = tape[i].end) {
      if (leads_to_patient(tape, i, path, depth)) return true;
    }
    return false;
  }
  if (depth == path.size()) {
    return is_patient(patient_id_of(text_member(tape, node, fhir::names::kReference)));
  }
  return std::any_of(path[depth].begin(), path[depth].end(), [&](fhir::NameId key) {
    const uint32_t child = member(tape, node, key);
    return child != json::kNoNode && leads_to_patient(tape, child, path, depth + 1);
  });
}

bool TypeFilter::is_patient(std::string_view id) const {
  return !id.empty() && spec_.patients->contains(std::string(id));
}

bool TypeFilter::is_recent(const json::Tape& tape) const {
  const uint32_t meta = member(tape, kRoot, fhir::names::kMeta);
  if (meta == json::kNoNode) return true;
  const std::string updated = text_member(tape, meta, fhir::names::kLastUpdated);
  const auto time = fhir::Temporal::parse_date_time(updated);
  return !time || time->to_unix_microseconds() > *spec_.since;
}

}  // namespace kiln::engine
