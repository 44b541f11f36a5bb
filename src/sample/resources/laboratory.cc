#include "sample/resources/elements.h"
#include "sample/resources/observation.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

Coding interpretation(const LabTest& test, int64_t value) {
  static constexpr std::string_view kSystem =
      "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
  if (value < test.low) return {kSystem, "L", "Low"};
  if (value > test.high) return {kSystem, "H", "High"};
  return {kSystem, "N", "Normal"};
}

void write_reference_range(json::Writer& out, const LabTest& test) {
  out.key("referenceRange").begin_array().begin_object();
  if (test.low > 0) {
    out.key("low");
    write_quantity(out, test.low, test.digits, test.unit);
  }
  out.key("high");
  write_quantity(out, test.high, test.digits, test.unit);
  out.end_object().end_array();
}

void write_test(json::Writer& out, const Person& person, const Visit& visit, const LabTest& test,
                bool ill, Random& random) {
  const int64_t value = random.around(ill ? test.ill_mean : test.mean, test.spread);
  begin_observation(out, person, visit, kLaboratory, test.code, random);
  out.key("valueQuantity");
  write_quantity(out, value, test.digits, test.unit);
  write_concept_list(out, "interpretation", interpretation(test, value));
  write_reference_range(out, test);
  end_resource(out);
}

}  // namespace

void write_laboratory(json::Writer& out, const Person& person, const Visit& visit, Random& random) {
  const int age = person.age(visit.day());
  for (const LabTest& test : lab_tests()) {
    const bool ill = !test.illness.empty() && person.has(test.illness, visit.day());
    if (age < test.from_age || (test.only_if_ill && !ill)) continue;
    write_test(out, person, visit, test, ill, random);
  }
}

}  // namespace kiln::sample
