#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

constexpr Coding kActive{"http://terminology.hl7.org/CodeSystem/condition-clinical", "active",
                         "Active"};
constexpr Coding kResolved{"http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved",
                           "Resolved"};
constexpr Coding kConfirmed{"http://terminology.hl7.org/CodeSystem/condition-ver-status",
                            "confirmed", "Confirmed"};
constexpr std::string_view kCategory = "http://terminology.hl7.org/CodeSystem/condition-category";

}  // namespace

void write_condition(json::Writer& out, const Person& person, const Visit& visit,
                     const Ailment& ailment, std::optional<Day> recovered) {
  begin_resource(out, "Condition", ailment.condition_id,
                 recovered ? Moment(*recovered) : visit.end);
  out.key("clinicalStatus");
  write_concept(out, recovered ? kResolved : kActive);
  out.key("verificationStatus");
  write_concept(out, kConfirmed);
  write_concept_list(out, "category",
                     ailment.illness->days == 0
                         ? Coding{kCategory, "problem-list-item", "Problem List Item"}
                         : Coding{kCategory, "encounter-diagnosis", "Encounter Diagnosis"});
  out.key("code");
  write_concept(out, ailment.illness->code);
  out.key("subject");
  write_reference(out, "Patient", person.id);
  out.key("encounter");
  write_reference(out, "Encounter", visit.id);
  out.member("onsetDateTime", date_text(ailment.onset));
  if (recovered) out.member("abatementDateTime", date_text(*recovered));
  out.member("recordedDate", instant_text(visit.start)).key("recorder");
  write_reference(out, "Practitioner", visit.practitioner->id, visit.practitioner->display());
  end_resource(out);
}

}  // namespace kiln::sample
