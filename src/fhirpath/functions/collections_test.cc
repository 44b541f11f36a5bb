// The families that work on collections: existence, filtering, subsetting, combining, tree.
#include "fhirpath/evaluated_for_test.h"

namespace kiln::fhirpath {
namespace {

constexpr std::string_view kPatient =
    R"({"resourceType":"Patient","id":"p","active":true,"_gender":{"extension":[{"url":"u","valueCode":"x"}]},)"
    R"("name":[{"use":"official","family":"F","given":["A","B"]},{"use":"usual","given":["C"]}],)"
    R"("telecom":[{"system":"phone","value":"1","rank":2},{"system":"email","value":"2","rank":1},{"value":"3"}]})";

constexpr std::string_view kQuestionnaire =
    R"({"resourceType":"Questionnaire","status":"draft","item":[)"
    R"({"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"group","item":[{"linkId":"1.1.1","type":"display"}]},)"
    R"({"linkId":"1.2","type":"display"}]},{"linkId":"2","type":"display"}]})";

TEST(ExistenceTest, EmptyAndExists) {
  expect_all(kPatient, {{"name.empty()", "boolean false"},
                        {"photo.empty()", "boolean true"},
                        {"{}.empty()", "boolean true"},
                        {"name.exists()", "boolean true"},
                        {"photo.exists()", "boolean false"},
                        {"name.exists(use = 'usual')", "boolean true"},
                        {"name.exists(use = 'nick')", "boolean false"},
                        // A primitive without a value is there if it has extensions.
                        {"gender.exists()", "boolean true"},
                        {"gender.hasValue()", "boolean false"}});
}

TEST(ExistenceTest, QuantifiersOverCriteriaAndBooleans) {
  expect_all(kPatient, {{"name.all(given.exists())", "boolean true"},
                        {"name.all(family.exists())", "boolean false"},
                        {"photo.all(false)", "boolean true"},
                        {"(true | true).allTrue()", "boolean true"},
                        {"(true | false).allTrue()", "boolean false"},
                        {"{}.allTrue()", "boolean true"},
                        {"(true | false).anyTrue()", "boolean true"},
                        {"{}.anyTrue()", "boolean false"},
                        {"(false).allFalse()", "boolean true"},
                        {"(true | false).allFalse()", "boolean false"},
                        {"(true | false).anyFalse()", "boolean true"},
                        {"(true).anyFalse()", "boolean false"},
                        {"'a'.allTrue()", "error"}});
}

TEST(ExistenceTest, CountsAndDistinctItems) {
  expect_all(kPatient, {{"name.given.count()", "integer 3"},
                        {"{}.count()", "integer 0"},
                        {"name.given.combine('A').distinct()", "string A, string B, string C"},
                        {"name.given.isDistinct()", "boolean true"},
                        {"name.given.combine('A').isDistinct()", "boolean false"},
                        {"{}.isDistinct()", "boolean true"},
                        // 1 and 1.0 are equal.
                        {"1.combine(1.0).distinct().count()", "integer 1"}});
}

TEST(ExistenceTest, SubsetsAndNot) {
  expect_all(kPatient, {{"('A' | 'B').subsetOf(name.given)", "boolean true"},
                        {"('A' | 'X').subsetOf(name.given)", "boolean false"},
                        {"{}.subsetOf(name.given)", "boolean true"},
                        {"name.given.supersetOf('A' | 'C')", "boolean true"},
                        {"name.given.supersetOf('A' | 'X')", "boolean false"},
                        {"name.given.supersetOf({})", "boolean true"},
                        {"true.not()", "boolean false"},
                        {"false.not()", "boolean true"},
                        {"{}.not()", ""},
                        {"(true | false).not()", "error"}});
}

TEST(FilteringTest, WhereAndSelect) {
  expect_all(kPatient, {{"name.where(use = 'usual').given", "string C"},
                        {"name.where(family.exists()).use", "code official"},
                        {"name.where({})", ""},
                        // A criterion that is no Boolean counts as true if it is there (§4.5).
                        {"name.where(family).use", "code official"},
                        {"name.where($index = 1).use", "code usual"},
                        {"name.where(given | given)", "error"},
                        {"name.select(given)", "string A, string B, string C"},
                        {"name.select(given.first() & use)", "string Aofficial, string Cusual"},
                        {"name.select($this.use)", "code official, code usual"},
                        {"(3 | 1).select($index)", "integer 0, integer 1"},
                        {"{}.select(1)", ""}});
}

TEST(FilteringTest, RepeatFindsAllLevelsOnce) {
  expect_all(kQuestionnaire,
             {{"repeat(item).linkId", "string 1, string 2, string 1.1, string 1.2, string 1.1.1"},
              {"item.repeat(item).linkId", "string 1.1, string 1.2, string 1.1.1"},
              {"repeat(nothing)", ""},
              {"1.repeat($this)", "integer 1"},
              {"1.repeat(iif($this < 4, $this + 1, {}))", "integer 2, integer 3, integer 4"},
              {"1.repeatAll(iif($this < 3, 3, {}))", "integer 3"},
              {"(1 | 2).repeatAll(iif($this < 3, 3, {}))", "integer 3, integer 3"}});
}

TEST(FilteringTest, AggregateFolds) {
  expect_all("", {{"(1 | 2 | 3).aggregate($total + $this, 0)", "integer 6"},
                  {"(1 | 2 | 3).aggregate(iif($total.empty(), $this, iif($this < $total, $this, "
                   "$total)))",
                   "integer 1"},
                  {"{}.aggregate($total + $this, 5)", "integer 5"},
                  {"(1 | 2).aggregate($total + (10 | 20).aggregate($total + $this, 0) + $this, 0)",
                   "integer 63"},
                  {"$total", "error"}});
}

TEST(FilteringTest, SortIsStableAndTakesKeys) {
  expect_all(kPatient, {{"(3 | 1 | 2).sort()", "integer 1, integer 2, integer 3"},
                        {"(3 | 1 | 2).sort(-$this)", "integer 3, integer 2, integer 1"},
                        {"('b' | 'a').sort()", "string a, string b"},
                        // What has no key comes first.
                        {"telecom.sort(rank).value", "string 3, string 2, string 1"},
                        {"telecom.sort(-rank).value", "string 1, string 2, string 3"},
                        {"telecom.sort(system.exists(), rank).value", "error"},
                        {"name.sort(given)", "error"},
                        {"(1 | 'a').sort()", "error"}});
}

TEST(SubsettingTest, TakesItemsByPosition) {
  expect_all(kPatient, {{"name.given[0]", "string A"},
                        {"name.given[2]", "string C"},
                        {"name.given[3]", ""},
                        {"name.given[-1]", ""},
                        {"name[1].given[0]", "string C"},
                        {"name.given.first()", "string A"},
                        {"{}.first()", ""},
                        {"name.given.last()", "string C"},
                        {"name.given.tail()", "string B, string C"},
                        {"'x'.tail()", ""},
                        {"name.given.skip(1)", "string B, string C"},
                        {"name.given.skip(0).count()", "integer 3"},
                        {"name.given.skip(-4).count()", "integer 3"},
                        {"name.given.skip(9)", ""},
                        {"name.given.take(2)", "string A, string B"},
                        {"name.given.take(9).count()", "integer 3"},
                        {"name.given.take(0)", ""},
                        {"name.given.take(-1)", ""},
                        {"name.given['a']", "error"}});
}

TEST(SubsettingTest, SingleRefusesMany) {
  expect_all(kPatient, {{"active.single()", "boolean true"},
                        {"photo.single()", ""},
                        {"name.given.single()", "error"}});
}

TEST(SubsettingTest, IntersectAndExclude) {
  expect_all("", {{"(1 | 2 | 3).intersect(3 | 1)", "integer 1, integer 3"},
                  {"1.combine(1).intersect(1)", "integer 1"},
                  {"1.intersect({})", ""},
                  {"(1 | 2 | 3).exclude(2)", "integer 1, integer 3"},
                  // Duplicates stay (§5.3.9).
                  {"1.combine(1).exclude(2)", "integer 1, integer 1"},
                  {"(1 | 2).exclude({})", "integer 1, integer 2"}});
}

TEST(CombiningTest, UnionCombineCoalesce) {
  expect_all(kPatient, {{"(1 | 2).union(2 | 3)", "integer 1, integer 2, integer 3"},
                        {"1.combine(1 | 2)", "integer 1, integer 1, integer 2"},
                        {"name.select(use | given)",
                         "code official, string A, string B, code usual, string C"},
                        {"name.select(use.union(given)).count()", "integer 5"},
                        {"coalesce(photo, name.given)", "string A, string B, string C"},
                        {"coalesce(photo, {}, 'x', 'y')", "string x"},
                        {"coalesce(photo)", ""},
                        {"{} | {}", ""}});
}

TEST(CombiningTest, Membership) {
  expect_all(kPatient, {{"'A' in name.given", "boolean true"},
                        {"'X' in name.given", "boolean false"},
                        {"{} in name.given", ""},
                        {"'A' in {}", "boolean false"},
                        {"('A' | 'B') in name.given", "error"},
                        {"name.given contains 'B'", "boolean true"},
                        {"{} contains 'B'", "boolean false"},
                        {"name.given contains {}", ""},
                        {"name.given contains ('A' | 'B')", "error"}});
}

TEST(TreeTest, ChildrenAndDescendants) {
  expect_all(kPatient, {{"name[0].children().count()", "integer 4"},
                        {"name[0].children().ofType(string)", "string F, string A, string B"},
                        {"name.descendants().count()", "integer 6"},
                        {"descendants().ofType(HumanName).count()", "integer 2"},
                        {"telecom[2].children()", "string 3"},
                        {"1.children()", ""},
                        {"'x'.descendants()", ""}});
}

}  // namespace
}  // namespace kiln::fhirpath
