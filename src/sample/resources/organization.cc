#include "sample/digits.h"
#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

/// Clinics and their staff were entered long before the first visit.
constexpr Moment kEntered = Moment(kLastDay - std::chrono::days(3650)) + std::chrono::hours(9);

void write_clinic_address(json::Writer& out, const Clinic& clinic) {
  out.key("address").begin_array().begin_object();
  out.key("line").begin_array().string(clinic.street).end_array();
  out.member("city", clinic.town->name).member("state", clinic.town->state);
  out.member("postalCode", padded(clinic.town->postal_code, 5)).member("country", "US");
  out.end_object().end_array();
}

}  // namespace

void write_organization(json::Writer& out, const Clinic& clinic) {
  begin_resource(out, "Organization", clinic.id, kEntered);
  out.key("identifier").begin_array();
  write_identifier(out, "https://example.org/fhir/sid/clinic", clinic.id);
  out.end_array().key("active").boolean(true);
  write_concept_list(
      out, "type",
      {"http://terminology.hl7.org/CodeSystem/organization-type", "prov", "Healthcare Provider"});
  out.member("name", clinic.name).key("telecom").begin_array();
  write_telecom(out, "phone", clinic.phone, "work");
  out.end_array();
  write_clinic_address(out, clinic);
  end_resource(out);
}

void write_practitioner(json::Writer& out, const Clinic& clinic, const Practitioner& practitioner) {
  begin_resource(out, "Practitioner", practitioner.id, kEntered);
  out.key("identifier").begin_array();
  write_identifier(out, "http://hl7.org/fhir/sid/us-npi", practitioner.npi);
  out.end_array().key("active").boolean(true);
  out.key("name").begin_array().begin_object().member("use", "official");
  out.member("family", practitioner.family);
  out.key("given").begin_array().string(practitioner.given).end_array();
  out.key("prefix").begin_array().string("Dr.").end_array();
  out.end_object().end_array();
  out.key("telecom").begin_array();
  write_telecom(out, "email", "npi" + practitioner.npi + "@clinic.example", "work");
  out.end_array();
  write_clinic_address(out, clinic);
  out.member("gender", practitioner.female ? "female" : "male");
  end_resource(out);
}

}  // namespace kiln::sample
