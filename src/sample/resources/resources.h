// One resource, or a few that belong together, as lines of NDJSON.
#pragma once

#include <optional>

#include "json/writer.h"
#include "sample/person.h"
#include "sample/random.h"
#include "sample/visit.h"

namespace kiln::sample {

void write_organization(json::Writer& out, const Clinic& clinic);
void write_practitioner(json::Writer& out, const Clinic& clinic, const Practitioner& practitioner);

void write_patient(json::Writer& out, const Person& person, const Clinic& clinic,
                   const Visit& last_visit, Random& random);
void write_encounter(json::Writer& out, const Person& person, const Clinic& clinic,
                     const Visit& visit);
/// `recovered`: the day on which a passing illness is over.
void write_condition(json::Writer& out, const Person& person, const Visit& visit,
                     const Ailment& ailment, std::optional<Day> recovered);
/// Blood pressure, body measures and, in an illness, temperature.
void write_vital_signs(json::Writer& out, const Person& person, const Visit& visit, Random& random);
/// Blood tests.
void write_laboratory(json::Writer& out, const Person& person, const Visit& visit, Random& random);
void write_smoking_status(json::Writer& out, const Person& person, const Visit& visit,
                          Random& random);
void write_medication_request(json::Writer& out, const Person& person, const Visit& visit,
                              const Ailment& ailment, bool active, Random& random);
void write_immunization(json::Writer& out, const Person& person, const Visit& visit,
                        const Coding& vaccine, Random& random);

/// A Group with a name, a stable id and its members.
struct Register {
  std::string id;
  std::string name;
  std::vector<std::string> patients;  ///< ids
};

void write_group(json::Writer& out, const Register& group);

}  // namespace kiln::sample
