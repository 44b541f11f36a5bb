#include "plan/record.h"

#include <gmock/gmock.h>

#include "dataset/text_source.h"
#include "plan/compilation.h"

namespace kiln::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr const char* kData = R"({"resourceType":"Patient","id":"a"}
{"resourceType":"Patient","id":"b"}
{"resourceType":"Group","id":"g","member":[{"entity":{"reference":"Patient/b"}}]}
)";

constexpr std::string_view kView =
    R"({"resourceType":"ViewDefinition","status":"active","name":"ids","resource":"Patient",)"
    R"("select":[{"column":[{"name":"id","path":"id"}]}]})";

class RecordTest : public ::testing::Test {
 protected:
  RecordTest() {
    draft_.subjects.push_back(
        {"ids", *compile_text(std::string(kView), "view"), std::string(kView), "view[0]", "ids"});
    draft_.layout.format = table::Format::kCsv;
  }

  PlanPtr make() {
    Problems problems;
    return make_plan(draft_, *dataset::snapshot_of_lines(kData), Hold::kAll, {}, problems);
  }
  static base::Result<PlanPtr> read(const std::string& text, const Draft& rest = {}) {
    return read_record(text, rest, *dataset::snapshot_of_lines(kData), {});
  }
  static std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << text;
    return text.replace(at, what.size(), with);
  }

  Draft draft_;
};

TEST_F(RecordTest, APlanComesBackFromItsRecord) {
  draft_.layout = {table::Format::kJson, {false, false}, output::Compression::kZstd, 7};
  draft_.filters = {{"a", "b"}, {}, 1234567};
  draft_.fhir_version = fhir::Version::kR5;
  draft_.subjects[0].stem = "ids_2";
  const PlanPtr before = make();
  ASSERT_TRUE(before);
  Draft rest;
  rest.rules.reader.max_line_size = 4711;
  const auto after = read(write_record(*before), rest);
  ASSERT_TRUE(after.ok()) << after.error().to_string();
  const Plan& plan = **after;
  EXPECT_EQ(plan.layout.format, table::Format::kJson);
  EXPECT_FALSE(plan.layout.text.header);
  EXPECT_EQ(plan.layout.compression, output::Compression::kZstd);
  EXPECT_EQ(plan.layout.part_rows, 7U);
  EXPECT_THAT(*plan.filter.patients, UnorderedElementsAre("a", "b"));
  EXPECT_EQ(plan.filter.since, 1234567);
  EXPECT_EQ(plan.rules.reader.max_line_size, 4711U);
  ASSERT_EQ(plan.subjects.size(), 1U);
  EXPECT_EQ(plan.subjects[0].name, "ids");
  EXPECT_EQ(plan.subjects[0].stem, "ids_2");
  EXPECT_EQ(&plan.subjects[0].view->model(), &fhir::Model::of(fhir::Version::kR5));
}

TEST_F(RecordTest, AnEmptyCohortIsNotNone) {
  draft_.filters.groups = {"g"};
  const std::string record = write_record(*make());
  const auto none = read(replaced(record, R"(["b"])", "[]"));
  ASSERT_TRUE(none.ok());
  ASSERT_TRUE((*none)->filter.patients);
  EXPECT_TRUE((*none)->filter.patients->empty());
}

TEST_F(RecordTest, WhatAnOlderRecordDoesNotSayIsTheServersOwn) {
  const std::string older = R"({"operation":"$viewdefinition-export","format":"csv","header":true,)"
                            R"("compression":"none","views":[]})";
  Draft rest;
  rest.layout.part_rows = 9;
  rest.fhir_version = fhir::Version::kR4B;
  const auto plan = read(older, rest);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ((*plan)->layout.part_rows, 9U);
  EXPECT_EQ((*plan)->fhir_version, fhir::Version::kR4B);
  // One that says "none" means it.
  EXPECT_EQ((*read(write_record(*make()), rest))->fhir_version, std::nullopt);
}

TEST_F(RecordTest, WhatThisVersionDoesNotKnowFails) {
  const std::string record = write_record(*make());
  for (const auto& [what, with] : std::vector<std::pair<std::string, std::string>>{
           {R"("format":"csv")", R"("format":"orc")"},
           {R"("format":"csv",)", ""},
           {R"("compression":"none")", R"("compression":"xz")"},
           {R"("fhirVersion":"")", R"("fhirVersion":"R9")"}}) {
    const auto plan = read(replaced(record, what, with));
    ASSERT_FALSE(plan.ok()) << with;
    EXPECT_EQ(plan.error().code(), base::ErrorCode::kInternal);
    EXPECT_THAT(plan.error().message(), HasSubstr("unknown"));
  }
}

TEST_F(RecordTest, ARecordThatIsNoneFails) {
  EXPECT_FALSE(read("{").ok());
  EXPECT_FALSE(
      read(replaced(write_record(*make()), "\\\"path\\\":\\\"id\\\"", "\\\"path\\\":\\\"idd\\\""))
          .ok());
}

}  // namespace
}  // namespace kiln::plan
