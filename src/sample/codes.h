// The small hand-made terminology of the sample.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kiln::sample {

struct Coding {
  std::string_view system;
  std::string_view code;
  std::string_view display;
};

inline constexpr std::string_view kSnomed = "http://snomed.info/sct";
inline constexpr std::string_view kLoinc = "http://loinc.org";
inline constexpr std::string_view kRxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
inline constexpr std::string_view kCvx = "http://hl7.org/fhir/sid/cvx";
inline constexpr std::string_view kUcum = "http://unitsofmeasure.org";
inline constexpr std::string_view kActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

struct Illness {
  Coding code;
  int from_age;    ///< years
  int to_age;      ///< years, included
  uint64_t share;  ///< chronic: of a thousand people of that age; acute: weight among the others
  int days;        ///< how long it lasts at most; 0 for a chronic one
  bool emergency;
  Coding medication;  ///< without a code: none is given
  std::string_view instruction;
  int times_a_day;
};

std::span<const Illness> chronic_illnesses();
std::span<const Illness> acute_illnesses();

/// The chronic illnesses that bear on what is measured.
inline constexpr std::string_view kHypertension = "59621000";
inline constexpr std::string_view kDiabetes = "44054006";
inline constexpr std::string_view kHyperlipidemia = "55822004";
inline constexpr std::string_view kAnemia = "271737000";
inline constexpr std::string_view kObesity = "162864005";

struct Unit {
  std::string_view text;
  std::string_view ucum;
};

/// A laboratory test. Values are in units of the last of `digits` decimal places.
struct LabTest {
  Coding code;
  Unit unit;
  int digits;
  int64_t low;  ///< reference range; 0: it has no lower end
  int64_t high;
  int64_t mean;
  int64_t spread;
  std::string_view illness;  ///< code of the chronic illness that moves the mean
  int64_t ill_mean;
  int from_age;
  bool only_if_ill;
};

std::span<const LabTest> lab_tests();

/// A vaccination that is due at an age.
struct Dose {
  int months;
  Coding vaccine;
};

std::span<const Dose> vaccination_plan();
inline constexpr Coding kInfluenzaVaccine{kCvx, "140",
                                          "Influenza, seasonal, injectable, preservative free"};

inline constexpr std::array<Coding, 3> kSmoking = {{
    {kSnomed, "266919005", "Never smoked tobacco (finding)"},
    {kSnomed, "8517006", "Ex-smoker (finding)"},
    {kSnomed, "449868002", "Smokes tobacco daily (finding)"},
}};

}  // namespace kiln::sample
