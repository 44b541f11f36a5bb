#include <algorithm>
#include <array>

#include "sample/resources/elements.h"
#include "sample/resources/observation.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

constexpr Unit kMmHg{"mm[Hg]", "mm[Hg]"};
constexpr Unit kPerMinute{"/min", "/min"};

/// Height in mm of a person who will be 1730 mm tall, by age in years.
constexpr std::array<int64_t, 19> kGrowth = {600,  800,  880,  950,  1020, 1090, 1150,
                                             1210, 1270, 1330, 1385, 1435, 1490, 1560,
                                             1620, 1670, 1700, 1720, 1730};

int64_t height_at(const Person& person, int age) {
  const size_t year = std::min<size_t>(static_cast<size_t>(age), kGrowth.size() - 1);
  return kGrowth[year] * person.adult_height / kGrowth.back();
}

/// In tenths: lean in childhood, then towards what the adult has.
int64_t body_mass_at(const Person& person, int age) {
  return 160 + (person.adult_bmi - 160) * std::min(age, 18) / 18;
}

struct Sign {
  Coding code;
  Unit unit;
  int places;
};

void write_sign(json::Writer& out, const Person& person, const Visit& visit, const Sign& sign,
                int64_t value, Random& random) {
  begin_observation(out, person, visit, kVitalSigns, sign.code, random);
  out.key("valueQuantity");
  write_quantity(out, value, sign.places, sign.unit);
  end_resource(out);
}

void write_body(json::Writer& out, const Person& person, const Visit& visit, Random& random) {
  static constexpr Sign kHeight{{kLoinc, "8302-2", "Body height"}, {"cm", "cm"}, 1};
  static constexpr Sign kWeight{{kLoinc, "29463-7", "Body weight"}, {"kg", "kg"}, 1};
  static constexpr Sign kMass{
      {kLoinc, "39156-5", "Body mass index (BMI) [Ratio]"}, {"kg/m2", "kg/m2"}, 1};
  const int age = person.age(visit.day());
  const int64_t height = height_at(person, age);
  const int64_t wanted = random.around(body_mass_at(person, age), 9);
  // Tenths of kg/m2 times mm2 are 10^-7 kg.
  const int64_t weight = wanted * height * height / 1'000'000;
  write_sign(out, person, visit, kHeight, height, random);
  write_sign(out, person, visit, kWeight, weight, random);
  if (age >= 2) {
    write_sign(out, person, visit, kMass, weight * 1'000'000 / (height * height), random);
  }
}

void write_component(json::Writer& out, const Coding& code, std::optional<int64_t> value) {
  out.begin_object().key("code");
  write_concept(out, code);
  if (value) {
    out.key("valueQuantity");
    write_quantity(out, *value, 0, kMmHg);
  } else {
    out.key("dataAbsentReason");
    write_concept(out, {"http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed",
                        "Not Performed"});
  }
  out.end_object();
}

void write_blood_pressure(json::Writer& out, const Person& person, const Visit& visit,
                          Random& random) {
  const int age = person.age(visit.day());
  const bool raised = person.has(kHypertension, visit.day());
  const int64_t systolic = random.around(100 + std::min(age, 80) * 3 / 8 + (raised ? 20 : 0), 18);
  const int64_t diastolic = systolic * 5 / 8 + random.between(-7, 7);
  const bool heard = !random.in_thousand(15);  // at times only the upper value is taken
  begin_observation(out, person, visit, kVitalSigns,
                    {kLoinc, "85354-9", "Blood pressure panel with all children optional"}, random);
  out.key("component").begin_array();
  write_component(out, {kLoinc, "8480-6", "Systolic blood pressure"}, systolic);
  write_component(out, {kLoinc, "8462-4", "Diastolic blood pressure"},
                  heard ? std::optional(diastolic) : std::nullopt);
  out.end_array();
  end_resource(out);
}

}  // namespace

void write_vital_signs(json::Writer& out, const Person& person, const Visit& visit,
                       Random& random) {
  static constexpr Sign kHeartRate{{kLoinc, "8867-4", "Heart rate"}, kPerMinute, 0};
  static constexpr Sign kTemperature{{kLoinc, "8310-5", "Body temperature"}, {"Cel", "Cel"}, 1};
  const int age = person.age(visit.day());
  if (visit.is_check_up()) write_body(out, person, visit, random);
  if (age >= 3) write_blood_pressure(out, person, visit, random);
  const int64_t rate = random.around(age < 3 ? 115 : age < 12 ? 90 : 73, 16);
  write_sign(out, person, visit, kHeartRate, rate, random);
  if (!visit.is_check_up()) {
    const int64_t temperature = random.around(376, 14);
    write_sign(out, person, visit, kTemperature, temperature, random);
  }
}

}  // namespace kiln::sample
