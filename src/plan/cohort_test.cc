#include "plan/cohort.h"

#include <gmock/gmock.h>

#include "dataset/text_source.h"

namespace kiln::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kData = R"({"resourceType":"Patient","id":"a"}
{"resourceType":"Patient","id":"b"}
{"resourceType":"Group","id":"two","member":[{"entity":{"reference":"Patient/a"}},{"entity":{"reference":"Patient/b"}}]}
{"resourceType":"Group","id":"left","member":[{"entity":{"reference":"Patient/a"},"inactive":true},{"entity":{"reference":"Patient/b"},"inactive":false}]}
{"resourceType":"Group","id":"empty"}
{"resourceType":"Group","id":"outer","member":[{"entity":{"reference":"Group/inner"}}]}
{"resourceType":"Group","id":"inner","member":[{"entity":{"reference":"Patient/b"}},{"entity":{"reference":"Group/outer"}}]}
{"resourceType":"Patient"}
{"resourceType":"Group"}
{"resourceType":"Group","id":"devices","member":[{"entity":{"reference":"Device/a"}}]}
)";

Cohort cohort_of(const std::vector<std::string>& patients, const std::vector<std::string>& groups) {
  auto snapshot = dataset::snapshot_of_lines(kData);
  EXPECT_TRUE(snapshot.ok());
  auto cohort = find_cohort(**snapshot, patients, groups, engine::Options(), {});
  EXPECT_TRUE(cohort.ok()) << cohort.error().to_string();
  return std::move(cohort).value();
}

TEST(CohortTest, FindsPatientsByAnyFormOfReference) {
  const Cohort cohort = cohort_of({"Patient/a", "b"}, {});
  EXPECT_THAT(cohort.patients, UnorderedElementsAre("a", "b"));
  EXPECT_THAT(cohort.unknown_patients, IsEmpty());
}

TEST(CohortTest, NamesWhatIsNotThere) {
  const Cohort cohort = cohort_of({"Patient/a", "Patient/x", "Group/two", ""},
                                  {"Group/x", "Patient/a", "http://x/Group/two"});
  EXPECT_THAT(cohort.patients, UnorderedElementsAre("a"));
  EXPECT_THAT(cohort.unknown_patients, ElementsAre("Patient/x", "Group/two", ""));
  EXPECT_THAT(cohort.unknown_groups, ElementsAre("Group/x", "Patient/a", "http://x/Group/two"));
}

TEST(CohortTest, TakesTheMembersThatAreNotInactive) {
  EXPECT_THAT(cohort_of({}, {"two"}).patients, UnorderedElementsAre("a", "b"));
  EXPECT_THAT(cohort_of({}, {"Group/left"}).patients, UnorderedElementsAre("b"));
}

TEST(CohortTest, AGroupWithoutMembersSelectsNothing) {
  const Cohort cohort = cohort_of({}, {"Group/empty"});
  EXPECT_THAT(cohort.patients, IsEmpty());
  EXPECT_THAT(cohort.unknown_groups, IsEmpty());
  EXPECT_THAT(cohort_of({}, {"devices"}).patients, IsEmpty());
}

TEST(CohortTest, FollowsGroupsInGroupsAndEndsInACycle) {
  EXPECT_THAT(cohort_of({}, {"outer"}).patients, UnorderedElementsAre("b"));
}

TEST(CohortTest, PatientsAndGroupsAreUnited) {
  EXPECT_THAT(cohort_of({"a"}, {"left"}).patients, UnorderedElementsAre("a", "b"));
}

}  // namespace
}  // namespace kiln::plan
