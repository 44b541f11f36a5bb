#include "sample/record.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sample/artefacts.h"

namespace kiln::sample {
namespace {

/// The text of each kind for so many patients.
std::vector<std::string> texts(uint64_t seed, int patients) {
  Pages pages;
  RecordWriter writer(seed);
  for (int i = 0; i < patients; ++i) writer.write_next(pages);
  writer.finish(pages);
  std::vector<std::string> out;
  for (size_t kind = 0; kind < kKindNames.size(); ++kind) out.push_back(pages.at(kind).text());
  return out;
}

const std::string& of(const std::vector<std::string>& all, Kind kind) {
  return all[static_cast<size_t>(kind)];
}

TEST(SampleRecord, SameSeedSameText) {
  EXPECT_EQ(texts(5, 30), texts(5, 30));
  const auto one = texts(5, 3);
  const auto other = texts(6, 3);
  for (const Kind kind : {Kind::kPatient, Kind::kOrganization, Kind::kEncounter}) {
    EXPECT_NE(of(one, kind), of(other, kind));
  }
}

TEST(SampleRecord, PatientsDoNotDependOnHowManyFollow) {
  const auto few = texts(5, 10);
  const auto many = texts(5, 60);
  for (size_t kind = 0; kind < kKindNames.size(); ++kind) {
    if (static_cast<Kind>(kind) == Kind::kGroup) continue;
    EXPECT_TRUE(many[kind].starts_with(few[kind])) << kKindNames[kind];
  }
}

TEST(SampleRecord, AClinicForEveryTwentyFive) {
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto full = texts(1, 50);
  EXPECT_EQ(lines(of(full, Kind::kPatient)), 50);
  EXPECT_EQ(lines(of(full, Kind::kOrganization)), 2);
  EXPECT_EQ(lines(of(full, Kind::kPractitioner)), 6);
  EXPECT_EQ(lines(of(full, Kind::kGroup)), 2 + 2);
  EXPECT_EQ(lines(of(texts(1, 51), Kind::kOrganization)), 3);
}

TEST(SampleRecord, EveryoneHasACheckUpAndAnIllness) {
  for (uint64_t number = 0; number < 500; ++number) {
    const Person person = make_person(3, number);
    const Clinic clinic = make_clinic(3, number / kPatientsPerClinic);
    Random random(3, 9, number);
    const auto visits = plan_visits(person, clinic, random);
    ASSERT_TRUE(std::any_of(visits.begin(), visits.end(),
                            [](const Visit& visit) { return visit.is_check_up(); }));
    ASSERT_TRUE(std::any_of(visits.begin(), visits.end(),
                            [](const Visit& visit) { return visit.illness != nullptr; }));
    for (const Visit& visit : visits) {
      EXPECT_GE(visit.day(), person.birth);
      EXPECT_LE(visit.day(), person.record_end);
      EXPECT_LT(visit.start, visit.end);
      if (person.death) {
        EXPECT_LT(visit.start, *person.death);
      }
    }
  }
}

}  // namespace
}  // namespace kiln::sample
