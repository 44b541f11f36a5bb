#include "sample/person.h"

#include <algorithm>

#include "sample/digits.h"
#include "sample/random.h"

namespace kiln::sample {
namespace {

constexpr uint64_t kClinicStream = 1;
constexpr uint64_t kPersonStream = 2;

std::string joined(std::string_view first, std::string_view second) {
  std::string text(first);
  text += ' ';
  text += second;
  return text;
}

/// By age group: more of the middle aged than of the very old. The youngest are a month old, so
/// that everyone has been seen.
Day draw_birth(Random& random) {
  struct Group {
    uint64_t below;
    int64_t from_age;
    int64_t to_age;
  };
  static constexpr Group kGroups[] = {{22, 0, 17}, {50, 18, 39}, {81, 40, 64}, {100, 65, 95}};
  const uint64_t share = random.below(100);
  const Group* const group =
      std::find_if(kGroups, std::end(kGroups), [&](const Group& g) { return share < g.below; });
  const int64_t days = random.between(group->from_age * 366, group->to_age * 365 + 364);
  return kLastDay - std::chrono::days(std::max<int64_t>(days, 30));
}

void draw_record(Random& random, Person& person) {
  person.record_end = kLastDay;
  if (person.age(kLastDay) >= 60 && random.in_thousand(180)) {
    const Day last = kLastDay - std::chrono::days(random.between(1, 1800));
    person.death = Moment(last) + std::chrono::minutes(random.between(0, 1439));
    person.record_end = last - std::chrono::days(1);
  }
  person.record_start = std::max(person.birth, person.record_end - kRecorded);
}

void draw_chronic(Random& random, Person& person) {
  const int age = person.age(person.record_end);
  for (const Illness& illness : chronic_illnesses()) {
    if (age < illness.from_age || !random.in_thousand(illness.share)) continue;
    const Day earliest = months_later(person.birth, illness.from_age * 12);
    const int64_t days = (person.record_end - earliest).count();
    Ailment ailment{&illness, earliest + std::chrono::days(random.between(0, days)), {}};
    ailment.condition_id = random.uuid();
    person.chronic.push_back(std::move(ailment));
  }
}

void draw_body(Random& random, Person& person) {
  person.adult_height = random.around(person.female ? 1640 : 1770, 150);
  const bool obese = std::any_of(person.chronic.begin(), person.chronic.end(),
                                 [](const auto& a) { return a.illness->code.code == kObesity; });
  person.adult_bmi = obese ? random.around(340, 38) : random.around(246, 50);
  const uint64_t smoking = random.below(100);
  person.smoking = smoking < 62 ? 0 : smoking < 86 ? 1 : 2;
}

}  // namespace

std::string Practitioner::display() const { return "Dr. " + joined(given, family); }

std::string Person::display() const { return joined(given, family); }

bool Person::has(std::string_view illness, Day day) const {
  return std::any_of(chronic.begin(), chronic.end(), [&](const Ailment& ailment) {
    return ailment.illness->code.code == illness && ailment.onset <= day;
  });
}

Clinic make_clinic(uint64_t seed, uint64_t number) {
  Random random(seed, kClinicStream, number);
  Clinic clinic;
  clinic.id = random.uuid();
  clinic.town = &random.pick(towns());
  clinic.name = joined(clinic.town->name, random.pick(clinic_kinds()));
  clinic.street = std::to_string(random.between(1, 400));
  clinic.street = joined(clinic.street, random.pick(streets()));
  clinic.phone = "555-01" + padded(random.below(100), 2);
  for (size_t i = 0; i < clinic.staff.size(); ++i) {
    Practitioner& practitioner = clinic.staff[i];
    practitioner.id = random.uuid();
    practitioner.npi = "99" + padded(number * clinic.staff.size() + i, 8);
    practitioner.female = random.below(2) == 0;
    practitioner.given = random.pick(practitioner.female ? female_names() : male_names());
    practitioner.family = random.pick(family_names());
  }
  return clinic;
}

Person make_person(uint64_t seed, uint64_t number) {
  Random random(seed, kPersonStream, number);
  Person person;
  person.number = number;
  person.id = random.uuid();
  person.female = random.below(2) == 0;
  const auto given = person.female ? female_names() : male_names();
  person.given = random.pick(given);
  person.middle = random.pick(given);
  person.family = random.pick(family_names());
  person.birth = draw_birth(random);
  draw_record(random, person);
  const std::string_view maiden = random.pick(family_names());
  const bool married = person.female && person.age(person.record_end) >= 25;
  if (married && maiden != person.family && random.in_thousand(350)) person.maiden = maiden;
  draw_chronic(random, person);
  draw_body(random, person);
  return person;
}

}  // namespace kiln::sample
