// Which resources feed the views: compartments of patients, and a time of last change
// (operations.md §3). Looked at in the scan, before anything is evaluated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "fhir/model.h"
#include "json/shape.h"
#include "json/tape.h"

namespace kiln::engine {

/// What is asked for. Without patients and without a time everything passes.
struct FilterSpec {
  /// Ids of Patients; an empty set lets nothing pass.
  std::optional<std::unordered_set<std::string>> patients;
  /// Microseconds since 1970: only what was updated later, or does not say when.
  std::optional<int64_t> since;

  bool empty() const { return !patients && !since; }
};

/// The id in a reference to a Patient: "Patient/1", ".../Patient/1/_history/2", "urn:uuid:1"; ""
/// if it refers to something else.
std::string_view patient_id_of(std::string_view reference);

/// A filter for resources of one type. Immutable, thread-safe; the spec must outlive it.
class TypeFilter {
 public:
  TypeFilter(const FilterSpec& spec, const fhir::Model& model, fhir::TypeId type);

  /// What it has to see of a resource.
  const std::vector<json::ShapeNode>& demand() const { return demand_; }
  bool accepts(const json::Tape& tape) const;

 private:
  /// One step of a path: the keys that an element can have.
  using Step = std::vector<fhir::NameId>;

  void add_path(std::string_view path, const fhir::Model& model, json::ShapeBuilder& shapes);
  bool in_compartment(const json::Tape& tape) const;
  bool leads_to_patient(const json::Tape& tape, uint32_t node, const std::vector<Step>& path,
                        size_t depth) const;
  bool is_patient(std::string_view id) const;
  bool is_recent(const json::Tape& tape) const;

  const FilterSpec& spec_;
  const fhir::TypeId type_;
  const bool of_patient_;
  std::vector<std::vector<Step>> paths_;
  std::vector<json::ShapeNode> demand_;
};

}  // namespace kiln::engine
