#include "sample/digits.h"
#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

void write_dosage(json::Writer& out, const Illness& illness) {
  out.key("dosageInstruction").begin_array().begin_object().key("sequence").number(1);
  out.member("text", illness.instruction).key("timing").begin_object();
  out.key("repeat").begin_object().key("frequency").number(illness.times_a_day);
  out.key("period").number(1).member("periodUnit", "d").end_object().end_object();
  out.key("asNeededBoolean").boolean(illness.days == 7).key("doseAndRate").begin_array();
  out.begin_object().key("doseQuantity").begin_object().key("value").number(1).end_object();
  out.end_object().end_array().end_object().end_array();
}

}  // namespace

void write_medication_request(json::Writer& out, const Person& person, const Visit& visit,
                              const Ailment& ailment, bool active, Random& random) {
  const Illness& illness = *ailment.illness;
  begin_resource(out, "MedicationRequest", random.uuid(), visit.end);
  out.member("status", active ? "active" : "completed").member("intent", "order");
  out.key("medicationCodeableConcept");
  write_concept(out, illness.medication);
  out.key("subject");
  write_reference(out, "Patient", person.id);
  out.key("encounter");
  write_reference(out, "Encounter", visit.id);
  out.member("authoredOn", instant_text(visit.end)).key("requester");
  write_reference(out, "Practitioner", visit.practitioner->id, visit.practitioner->display());
  out.key("reasonReference").begin_array();
  write_reference(out, "Condition", ailment.condition_id, illness.code.display);
  out.end_array();
  write_dosage(out, illness);
  out.key("dispenseRequest").begin_object();
  out.key("numberOfRepeatsAllowed").number(illness.days == 0 ? random.between(1, 3) : int64_t{0});
  out.end_object();
  end_resource(out);
}

}  // namespace kiln::sample
