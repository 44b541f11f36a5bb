#include "sample/resources/observation.h"

#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {

void begin_observation(json::Writer& out, const Person& person, const Visit& visit,
                       const Coding& category, const Coding& code, Random& random) {
  begin_resource(out, "Observation", random.uuid(), visit.end);
  out.member("status", "final");
  write_concept_list(out, "category", category);
  out.key("code");
  write_concept(out, code);
  out.key("subject");
  write_reference(out, "Patient", person.id);
  out.key("encounter");
  write_reference(out, "Encounter", visit.id);
  out.member("effectiveDateTime", instant_text(visit.start));
  out.member("issued", instant_text(visit.end)).key("performer").begin_array();
  write_reference(out, "Practitioner", visit.practitioner->id, visit.practitioner->display());
  out.end_array();
}

void write_smoking_status(json::Writer& out, const Person& person, const Visit& visit,
                          Random& random) {
  begin_observation(out, person, visit, kSocialHistory,
                    {kLoinc, "72166-2", "Tobacco smoking status"}, random);
  out.key("valueCodeableConcept");
  write_concept(out, kSmoking[person.smoking]);
  end_resource(out);
}

}  // namespace kiln::sample
