// The visits of a person, planned before anything is written.
#pragma once

#include <string>
#include <vector>

#include "sample/person.h"
#include "sample/random.h"

namespace kiln::sample {

enum class VisitKind : uint8_t { kWellChild, kExamination, kSymptom, kEmergency };

struct Visit {
  VisitKind kind = VisitKind::kExamination;
  Moment start;
  Moment end;
  std::string id;
  const Practitioner* practitioner = nullptr;
  /// What the patient came for; none at a check-up.
  const Illness* illness = nullptr;

  Day day() const { return std::chrono::floor<std::chrono::days>(start); }
  bool is_check_up() const {
    return kind == VisitKind::kWellChild || kind == VisitKind::kExamination;
  }
};

/// In the order of time, at least two: a check-up and an illness.
std::vector<Visit> plan_visits(const Person& person, const Clinic& clinic, Random& random);

}  // namespace kiln::sample
