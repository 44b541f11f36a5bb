#include "sample/digits.h"
#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {
namespace {

constexpr std::string_view kIdentifierTypes = "http://terminology.hl7.org/CodeSystem/v2-0203";

void write_birth_sex(json::Writer& out, const Person& person) {
  out.key("extension").begin_array().begin_object();
  out.member("url", "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex");
  out.member("valueCode", person.female ? "F" : "M").end_object().end_array();
}

/// Numbers from 900 up were never given to anyone as a social security number.
std::string draw_social_security_number(Random& random) {
  std::string number = "999-" + padded(random.below(100), 2);
  number += "-" + padded(random.below(10000), 4);
  return number;
}

void write_identifiers(json::Writer& out, const Person& person, Random& random) {
  out.key("identifier").begin_array();
  write_identifier(out, "https://example.org/fhir/sid/mrn", "MRN-" + padded(person.number + 1, 8),
                   {kIdentifierTypes, "MR", "Medical record number"});
  const std::string number = draw_social_security_number(random);
  if (person.age(person.record_end) >= 16) {
    write_identifier(out, "http://hl7.org/fhir/sid/us-ssn", number,
                     {kIdentifierTypes, "SS", "Social Security number"});
  }
  out.end_array();
}

void write_name(json::Writer& out, const Person& person, std::string_view use,
                std::string_view family) {
  out.begin_object().member("use", use).member("family", family);
  out.key("given").begin_array().string(person.given);
  if (person.middle != person.given) out.string(person.middle);
  out.end_array();
  if (person.age(person.record_end) >= 18) {
    out.key("prefix").begin_array().string(person.female ? "Ms." : "Mr.").end_array();
  }
  out.end_object();
}

void write_names(json::Writer& out, const Person& person) {
  out.key("name").begin_array();
  write_name(out, person, "official", person.family);
  if (!person.maiden.empty()) write_name(out, person, "maiden", person.maiden);
  out.end_array();
}

void write_telecoms(json::Writer& out, const Person& person, Random& random) {
  const uint64_t line = random.below(100);
  const uint64_t reach = random.below(100);
  if (reach < 6) return;  // some have neither phone nor mail
  out.key("telecom").begin_array();
  write_telecom(out, "phone", "555-01" + padded(line, 2), reach < 60 ? "home" : "mobile");
  if (reach >= 45) {
    write_telecom(out, "email", "patient" + std::to_string(person.number + 1) + "@mail.example",
                  "home");
  }
  out.end_array();
}

void write_birth(json::Writer& out, const Person& person, Random& random) {
  out.member("birthDate", date_text(person.birth));
  const Moment time = Moment(person.birth) + std::chrono::minutes(random.between(0, 1439));
  if (person.birth != person.record_start) return;  // only births on record have a time
  out.key("_birthDate").begin_object().key("extension").begin_array().begin_object();
  out.member("url", "http://hl7.org/fhir/StructureDefinition/patient-birthTime");
  out.member("valueDateTime", instant_text(time)).end_object().end_array().end_object();
}

void write_location(json::Writer& out, const Town& town, Random& random) {
  const int64_t latitude = town.latitude + random.between(-400, 400);
  const int64_t longitude = town.longitude + random.between(-400, 400);
  out.key("extension").begin_array().begin_object();
  out.member("url", "http://hl7.org/fhir/StructureDefinition/geolocation");
  out.key("extension").begin_array();
  out.begin_object().member("url", "latitude").key("valueDecimal");
  out.raw(decimal_text(latitude, 4)).end_object();
  out.begin_object().member("url", "longitude").key("valueDecimal");
  out.raw(decimal_text(longitude, 4)).end_object();
  out.end_array().end_object().end_array();
}

void write_address(json::Writer& out, const Town& town, std::string_view use,
                   std::optional<Day> until, Random& random) {
  std::string line = std::to_string(random.between(1, 980));
  line += ' ';
  line += random.pick(streets());
  const uint64_t flat = random.below(90);
  out.begin_object();
  write_location(out, town, random);
  out.member("use", use).member("type", "physical").key("line").begin_array().string(line);
  if (flat < 30) out.string("Apt " + std::to_string(flat + 1));
  out.end_array().member("city", town.name).member("state", town.state);
  out.member("postalCode", padded(town.postal_code + random.below(100), 5)).member("country", "US");
  if (until) {
    out.key("period").begin_object().member("end", date_text(*until)).end_object();
  }
  out.end_object();
}

void write_addresses(json::Writer& out, const Person& person, const Clinic& clinic,
                     Random& random) {
  if (random.in_thousand(20)) return;  // of no fixed abode
  out.key("address").begin_array();
  write_address(out, *clinic.town, "home", std::nullopt, random);
  if (random.in_thousand(220)) {
    const Town& town = random.pick(towns());
    const int64_t days = (person.record_end - person.record_start).count();
    const Day moved = person.record_start + std::chrono::days(random.between(0, days));
    write_address(out, town, "old", moved, random);
  }
  out.end_array();
}

void write_marital_status(json::Writer& out, const Person& person, Random& random) {
  static constexpr std::string_view kSystem =
      "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
  static constexpr std::array<Coding, 4> kStatus = {{{kSystem, "M", "Married"},
                                                     {kSystem, "S", "Never Married"},
                                                     {kSystem, "D", "Divorced"},
                                                     {kSystem, "W", "Widowed"}}};
  const Coding& drawn = random.pick(kStatus);
  if (person.age(person.record_end) < 18) return;
  out.key("maritalStatus");
  write_concept(out, person.maiden.empty() ? drawn : kStatus[0]);
}

void write_language(json::Writer& out, Random& random) {
  static constexpr std::array<Coding, 4> kLanguages = {{{"urn:ietf:bcp:47", "en", "English"},
                                                        {"urn:ietf:bcp:47", "en", "English"},
                                                        {"urn:ietf:bcp:47", "es", "Spanish"},
                                                        {"urn:ietf:bcp:47", "pt", "Portuguese"}}};
  out.key("communication").begin_array().begin_object().key("language");
  write_concept(out, random.pick(kLanguages));
  out.key("preferred").boolean(true).end_object().end_array();
}

}  // namespace

void write_patient(json::Writer& out, const Person& person, const Clinic& clinic,
                   const Visit& last_visit, Random& random) {
  begin_resource(out, "Patient", person.id, person.death ? *person.death : last_visit.end);
  write_birth_sex(out, person);
  write_identifiers(out, person, random);
  out.key("active").boolean(!person.death);
  write_names(out, person);
  write_telecoms(out, person, random);
  out.member("gender", person.female ? "female" : "male");
  write_birth(out, person, random);
  if (person.death) out.member("deceasedDateTime", instant_text(*person.death));
  write_addresses(out, person, clinic, random);
  write_marital_status(out, person, random);
  write_language(out, random);
  out.key("generalPractitioner").begin_array();
  write_reference(out, "Practitioner", last_visit.practitioner->id,
                  last_visit.practitioner->display());
  out.end_array().key("managingOrganization");
  write_reference(out, "Organization", clinic.id, clinic.name);
  end_resource(out);
}

}  // namespace kiln::sample
