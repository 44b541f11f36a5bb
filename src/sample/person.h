// Who is in the sample: clinics with their staff, and the people they look after.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sample/calendar.h"
#include "sample/codes.h"
#include "sample/names.h"

namespace kiln::sample {

/// Patients of one clinic follow one another: a clinic and its Group are written in passing.
inline constexpr uint64_t kPatientsPerClinic = 25;

struct Practitioner {
  std::string id;
  std::string npi;
  std::string_view given;
  std::string_view family;
  bool female = false;

  std::string display() const;
};

struct Clinic {
  std::string id;
  std::string name;
  const Town* town = nullptr;
  std::string street;
  std::string phone;
  std::array<Practitioner, 3> staff;
};

/// The same for the same seed and number.
Clinic make_clinic(uint64_t seed, uint64_t number);

struct Ailment {
  const Illness* illness = nullptr;
  Day onset;
  std::string condition_id;
};

struct Person {
  uint64_t number = 0;
  std::string id;
  bool female = false;
  std::string_view given;
  std::string_view middle;
  std::string_view family;
  std::string_view maiden;  ///< empty: none
  Day birth;
  std::optional<Moment> death;
  /// The record: nothing that happened before or after is written.
  Day record_start;
  Day record_end;
  int64_t adult_height = 0;  ///< mm
  int64_t adult_bmi = 0;     ///< in tenths
  size_t smoking = 0;        ///< index into kSmoking
  std::vector<Ailment> chronic;

  /// Whether the illness had begun by that day.
  bool has(std::string_view illness, Day day) const;
  int age(Day day) const { return years_between(birth, day); }
  std::string display() const;
};

/// The same for the same seed and number, whatever the number of patients.
Person make_person(uint64_t seed, uint64_t number);

}  // namespace kiln::sample
