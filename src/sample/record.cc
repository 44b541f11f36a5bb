#include "sample/record.h"

#include <algorithm>

namespace kiln::sample {
namespace {

constexpr uint64_t kHistoryStream = 3;

/// One person's visits on their way to the pages.
class History {
 public:
  History(const Person& person, const Clinic& clinic, Random& random, Pages& pages)
      : person_(person),
        clinic_(clinic),
        random_(random),
        pages_(pages),
        visits_(plan_visits(person, clinic, random)),
        // Births on record include the doses of the first day.
        vaccinated_until_(person.record_start == person.birth ? person.birth - std::chrono::days(1)
                                                              : person.record_start) {
    for (const Visit& visit : visits_) {
      if (visit.is_check_up()) last_check_up_ = &visit;
    }
  }

  void write() {
    write_patient(pages_[Kind::kPatient], person_, clinic_, visits_.back(), random_);
    for (const Visit& visit : visits_) {
      write_encounter(pages_[Kind::kEncounter], person_, clinic_, visit);
      write_vital_signs(pages_[Kind::kObservation], person_, visit, random_);
      if (visit.is_check_up()) {
        write_check_up(visit);
      } else {
        write_illness(visit);
      }
    }
  }

 private:
  void write_check_up(const Visit& visit) {
    json::Writer& observations = pages_[Kind::kObservation];
    write_laboratory(observations, person_, visit, random_);
    if (person_.age(visit.day()) >= 18) {
      write_smoking_status(observations, person_, visit, random_);
    }
    for (size_t i = 0; i < person_.chronic.size(); ++i) write_chronic(i, visit);
    write_vaccinations(visit);
  }

  void write_chronic(size_t index, const Visit& visit) {
    const Ailment& ailment = person_.chronic[index];
    if (ailment.onset > visit.day()) return;
    if ((diagnosed_ >> index & 1) == 0) {
      diagnosed_ |= uint64_t{1} << index;
      write_condition(pages_[Kind::kCondition], person_, visit, ailment, std::nullopt);
    }
    if (ailment.illness->medication.code.empty()) return;
    const bool active = &visit == last_check_up_ && !person_.death;
    write_medication_request(pages_[Kind::kMedicationRequest], person_, visit, ailment, active,
                             random_);
  }

  void write_illness(const Visit& visit) {
    const Day onset =
        std::max(visit.day() - std::chrono::days(random_.between(0, 4)), person_.birth);
    Ailment ailment{visit.illness, onset, random_.uuid()};
    const Day well = visit.day() + std::chrono::days(random_.between(3, visit.illness->days));
    const auto recovered = well <= person_.record_end ? std::optional(well) : std::nullopt;
    write_condition(pages_[Kind::kCondition], person_, visit, ailment, recovered);
    if (ailment.illness->medication.code.empty()) return;
    write_medication_request(pages_[Kind::kMedicationRequest], person_, visit, ailment, !recovered,
                             random_);
  }

  void write_vaccinations(const Visit& visit) {
    for (const Dose& dose : vaccination_plan()) {
      const Day due = months_later(person_.birth, dose.months);
      if (due <= vaccinated_until_ || due > visit.day()) continue;
      write_immunization(pages_[Kind::kImmunization], person_, visit, dose.vaccine, random_);
    }
    vaccinated_until_ = visit.day();
    if (person_.age(visit.day()) >= 1 && random_.in_thousand(550)) {
      write_immunization(pages_[Kind::kImmunization], person_, visit, kInfluenzaVaccine, random_);
    }
  }

  const Person& person_;
  const Clinic& clinic_;
  Random& random_;
  Pages& pages_;
  const std::vector<Visit> visits_;
  const Visit* last_check_up_ = nullptr;
  Day vaccinated_until_;
  uint64_t diagnosed_ = 0;  ///< a bit for each of the chronic illnesses
};

}  // namespace

RecordWriter::RecordWriter(uint64_t seed)
    : seed_(seed),
      registers_{
          {{"diabetes", "Diabetes register", {}}, {"hypertension", "Hypertension register", {}}}} {}

void RecordWriter::open_clinic(Pages& pages) {
  const uint64_t number = number_ / kPatientsPerClinic;
  clinic_ = make_clinic(seed_, number);
  clinic_patients_ = {"clinic-" + std::to_string(number + 1), "Patients of " + clinic_.name, {}};
  write_organization(pages[Kind::kOrganization], clinic_);
  for (const Practitioner& practitioner : clinic_.staff) {
    write_practitioner(pages[Kind::kPractitioner], clinic_, practitioner);
  }
}

void RecordWriter::close_clinic(Pages& pages) {
  if (!clinic_patients_.patients.empty()) write_group(pages[Kind::kGroup], clinic_patients_);
  clinic_patients_.patients.clear();
}

void RecordWriter::enter(const Person& person) {
  clinic_patients_.patients.push_back(person.id);
  const std::string_view illnesses[] = {kDiabetes, kHypertension};
  for (size_t i = 0; i < registers_.size(); ++i) {
    std::vector<std::string>& patients = registers_[i].patients;
    if (patients.size() < kRegisterLimit && person.has(illnesses[i], person.record_end)) {
      patients.push_back(person.id);
    }
  }
}

void RecordWriter::write_next(Pages& pages) {
  if (number_ % kPatientsPerClinic == 0) {
    close_clinic(pages);
    open_clinic(pages);
  }
  const Person person = make_person(seed_, number_);
  Random random(seed_, kHistoryStream, number_);
  History(person, clinic_, random, pages).write();
  enter(person);
  ++number_;
}

void RecordWriter::finish(Pages& pages) {
  close_clinic(pages);
  for (const Register& group : registers_) write_group(pages[Kind::kGroup], group);
}

}  // namespace kiln::sample
