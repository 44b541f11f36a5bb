#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

Coding class_of(VisitKind kind) {
  return kind == VisitKind::kEmergency ? Coding{kActCode, "EMER", "emergency"}
                                       : Coding{kActCode, "AMB", "ambulatory"};
}

Coding type_of(VisitKind kind) {
  switch (kind) {
    case VisitKind::kWellChild:
      return {kSnomed, "410620009", "Well child visit (procedure)"};
    case VisitKind::kExamination:
      return {kSnomed, "162673000", "General examination of patient (procedure)"};
    case VisitKind::kSymptom:
      return {kSnomed, "185345009", "Encounter for symptom (procedure)"};
    case VisitKind::kEmergency:
      break;
  }
  return {kSnomed, "50849002", "Emergency room admission (procedure)"};
}

void write_participant(json::Writer& out, const Visit& visit) {
  out.key("participant").begin_array().begin_object();
  write_concept_list(
      out, "type",
      {"http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF", "primary performer"});
  out.key("period");
  write_period(out, visit.start, visit.end);
  out.key("individual");
  write_reference(out, "Practitioner", visit.practitioner->id, visit.practitioner->display());
  out.end_object().end_array();
}

}  // namespace

void write_encounter(json::Writer& out, const Person& person, const Clinic& clinic,
                     const Visit& visit) {
  begin_resource(out, "Encounter", visit.id, visit.end);
  out.key("identifier").begin_array();
  write_identifier(out, "https://example.org/fhir/sid/encounter", visit.id);
  out.end_array().member("status", "finished").key("class");
  write_coding(out, class_of(visit.kind));
  write_concept_list(out, "type", type_of(visit.kind));
  out.key("subject");
  write_reference(out, "Patient", person.id, person.display());
  write_participant(out, visit);
  out.key("period");
  write_period(out, visit.start, visit.end);
  if (visit.illness != nullptr) write_concept_list(out, "reasonCode", visit.illness->code);
  out.key("serviceProvider");
  write_reference(out, "Organization", clinic.id, clinic.name);
  end_resource(out);
}

}  // namespace kiln::sample
