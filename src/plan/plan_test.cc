#include "plan/plan.h"

#include <gmock/gmock.h>

#include "dataset/text_source.h"
#include "plan/compilation.h"

namespace kiln::plan {
namespace {

using ::testing::ElementsAre;

constexpr const char* kData = R"({"resourceType":"Patient","id":"a"}
{"resourceType":"Patient","id":"b"}
{"resourceType":"Group","id":"g","member":[{"entity":{"reference":"Patient/b"}}]}
)";

constexpr std::string_view kView =
    R"({"resourceType":"ViewDefinition","status":"active","name":"ids","resource":"Patient",)"
    R"("select":[{"column":[{"name":"id","path":"id"}]}]})";

/// Counts the rows that it gets.
class CountingOutput final : public engine::Output {
 public:
  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    auto piece = std::make_unique<engine::Piece>();
    piece->rows = batch.rows();
    return piece;
  }
  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    rows += std::min(piece->rows, limit);
    return {};
  }
  base::Status finish() override { return {}; }
  uint64_t rows = 0;
};

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    draft_.subjects.push_back(
        {"ids", *compile_text(std::string(kView), "view"), std::string(kView), "view[0]", "ids"});
    draft_.layout.format = table::Format::kCsv;
  }

  PlanPtr make() {
    return make_plan(draft_, *dataset::snapshot_of_lines(kData), Hold::kAll, {}, problems_);
  }
  static uint64_t rows_of(const Plan& plan) {
    CountingOutput output;
    EXPECT_TRUE(run(plan, {&output}, {}).ok());
    return output.rows;
  }

  Draft draft_;
  Problems problems_;
};

TEST_F(PlanTest, ADraftWithDataRuns) {
  const PlanPtr plan = make();
  ASSERT_TRUE(plan);
  EXPECT_EQ(rows_of(*plan), 2U);
}

TEST_F(PlanTest, GroupsAndPatientsAreLookedUp) {
  draft_.filters.groups = {"Group/g"};
  const PlanPtr plan = make();
  ASSERT_TRUE(plan);
  EXPECT_THAT(*plan->filter.patients, ElementsAre("b"));
  EXPECT_EQ(rows_of(*plan), 1U);
}

TEST_F(PlanTest, AllThatAreUnknownAreToldAndThereIsNoPlan) {
  draft_.filters.patients = {"Patient/a", "x", "Patient/y"};
  draft_.filters.groups = {"z"};
  EXPECT_FALSE(make());
  std::vector<std::string> texts;
  for (const Problem& problem : problems_.all()) {
    texts.push_back(problem.place + ": " + problem.error.message());
  }
  EXPECT_THAT(texts, ElementsAre("patient: no such patient: x",
                                 "patient: no such patient: Patient/y", "group: no such group: z"));
  EXPECT_EQ(problems_.all()[2].code, ProblemCode::kUnknownGroup);
}

TEST_F(PlanTest, ACohortThatCannotBeReadIsAProblemOfTheData) {
  draft_.filters.patients = {"a"};
  std::stop_source stop;
  stop.request_stop();
  Execution execution;
  execution.stop = stop.get_token();
  EXPECT_FALSE(
      make_plan(draft_, *dataset::snapshot_of_lines(kData), Hold::kAll, execution, problems_));
  ASSERT_EQ(problems_.all().size(), 1U);
  EXPECT_EQ(problems_.all()[0].code, ProblemCode::kUnavailableData);
  EXPECT_EQ(problems_.all()[0].error.code(), base::ErrorCode::kCancelled);
}

TEST_F(PlanTest, WarningsDoNotStandInTheWayButErrorsAndMissingViewsDo) {
  problems_.warn(ProblemCode::kInvalidView, "", base::Error(base::ErrorCode::kInvalid, "hm"));
  EXPECT_TRUE(make());
  draft_.subjects.push_back({"none", nullptr, "", ""});
  EXPECT_FALSE(make());
  draft_.subjects.pop_back();
  problems_.add(ProblemCode::kInvalidView, "", base::Error(base::ErrorCode::kInvalid, "no"));
  EXPECT_FALSE(make());
}

TEST_F(PlanTest, RulesAreTheRuns) {
  draft_.rules.limit = 1;
  EXPECT_EQ(rows_of(*make()), 1U);
}

}  // namespace
}  // namespace kiln::plan
