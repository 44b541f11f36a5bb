// The whole sample as text, one clinic and one patient after the other.
#pragma once

#include <array>
#include <string_view>

#include "sample/resources/resources.h"

namespace kiln::sample {

enum class Kind : uint8_t {
  kPatient,
  kPractitioner,
  kOrganization,
  kEncounter,
  kCondition,
  kObservation,
  kMedicationRequest,
  kImmunization,
  kGroup,
};

/// By Kind; the resource type and, with .ndjson, the name of its file.
inline constexpr std::array<std::string_view, 9> kKindNames = {
    "Patient",     "Practitioner",      "Organization", "Encounter", "Condition",
    "Observation", "MedicationRequest", "Immunization", "Group"};

/// Text of each kind that is not on disk yet.
class Pages {
 public:
  json::Writer& operator[](Kind kind) { return writers_[static_cast<size_t>(kind)]; }
  json::Writer& at(size_t kind) { return writers_[kind]; }

 private:
  std::array<json::Writer, kKindNames.size()> writers_;
};

/// Writes records into pages. What it remembers is bounded: one clinic, and the registers, which
/// take no more than kRegisterLimit patients.
class RecordWriter {
 public:
  static constexpr size_t kRegisterLimit = 1000;

  explicit RecordWriter(uint64_t seed);
  /// The next patient with all that belongs to him, after his clinic if he is its first patient.
  void write_next(Pages& pages);
  /// The Groups that are complete only now.
  void finish(Pages& pages);

 private:
  void open_clinic(Pages& pages);
  void close_clinic(Pages& pages);
  void enter(const Person& person);

  const uint64_t seed_;
  uint64_t number_ = 0;  ///< of the next patient
  Clinic clinic_;
  Register clinic_patients_;
  std::array<Register, 2> registers_;
};

}  // namespace kiln::sample
