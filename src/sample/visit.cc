#include "sample/visit.h"

#include <algorithm>

namespace kiln::sample {
namespace {

Visit make_visit(VisitKind kind, Day day, const Clinic& clinic, Random& random) {
  Visit visit;
  visit.kind = kind;
  // Doors are open from eight to five; emergencies come when they come.
  const int64_t quarter =
      kind == VisitKind::kEmergency ? random.between(0, 90) : random.between(32, 66);
  visit.start = Moment(day) + std::chrono::minutes(15 * quarter);
  visit.end =
      visit.start + std::chrono::minutes(kind == VisitKind::kEmergency ? random.between(60, 300)
                                                                       : random.between(15, 45));
  visit.id = random.uuid();
  visit.practitioner = &random.pick(clinic.staff);
  return visit;
}

/// Days until the next check-up: every three months for a small child, about every year later.
int64_t draw_gap(int age, Random& random) {
  return age < 2 ? random.between(80, 95) : random.between(340, 400);
}

const Illness* draw_illness(int age, Random& random) {
  const auto fits = [age](const Illness& illness) {
    return illness.from_age <= age && age <= illness.to_age;
  };
  uint64_t total = 0;
  for (const Illness& illness : acute_illnesses()) total += fits(illness) ? illness.share : 0;
  uint64_t drawn = random.below(total);
  for (const Illness& illness : acute_illnesses()) {
    if (!fits(illness)) continue;
    if (drawn < illness.share) return &illness;
    drawn -= illness.share;
  }
  return &acute_illnesses().front();
}

}  // namespace

std::vector<Visit> plan_visits(const Person& person, const Clinic& clinic, Random& random) {
  std::vector<Visit> visits;
  Day day = person.record_start + std::chrono::days(random.between(2, 27));
  while (day <= person.record_end) {
    const int age = person.age(day);
    const auto kind = age < 18 ? VisitKind::kWellChild : VisitKind::kExamination;
    visits.push_back(make_visit(kind, day, clinic, random));
    day += std::chrono::days(draw_gap(age, random));
  }
  const int64_t days = (person.record_end - person.record_start).count();
  for (int64_t left = random.between(1, 4); left > 0; --left) {
    const Day when = person.record_start + std::chrono::days(random.between(1, days));
    const Illness* const illness = draw_illness(person.age(when), random);
    const auto kind = illness->emergency ? VisitKind::kEmergency : VisitKind::kSymptom;
    visits.push_back(make_visit(kind, when, clinic, random));
    visits.back().illness = illness;
  }
  std::stable_sort(visits.begin(), visits.end(),
                   [](const Visit& a, const Visit& b) { return a.start < b.start; });
  return visits;
}

}  // namespace kiln::sample
