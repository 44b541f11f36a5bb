#include "sample/digits.h"
#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {

void write_immunization(json::Writer& out, const Person& person, const Visit& visit,
                        const Coding& vaccine, Random& random) {
  const bool refused = random.in_thousand(30);
  const uint64_t lot = random.below(100000);
  begin_resource(out, "Immunization", random.uuid(), visit.end);
  out.member("status", refused ? "not-done" : "completed");
  if (refused) {
    out.key("statusReason");
    write_concept(
        out, {"http://terminology.hl7.org/CodeSystem/v3-ActReason", "PATOBJ", "patient objection"});
  }
  out.key("vaccineCode");
  write_concept(out, vaccine);
  out.key("patient");
  write_reference(out, "Patient", person.id);
  out.key("encounter");
  write_reference(out, "Encounter", visit.id);
  out.member("occurrenceDateTime", instant_text(visit.start)).key("primarySource").boolean(true);
  if (!refused) {
    out.member("lotNumber", "LOT" + padded(lot, 5)).key("performer").begin_array();
    out.begin_object().key("actor");
    write_reference(out, "Practitioner", visit.practitioner->id, visit.practitioner->display());
    out.end_object().end_array();
  }
  end_resource(out);
}

}  // namespace kiln::sample
