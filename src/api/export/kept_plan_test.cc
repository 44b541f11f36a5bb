#include "api/export/kept_plan.h"

#include <gmock/gmock.h>

#include "api/export/export_runner.h"
#include "dataset/text_source.h"
#include "job/testing/must.h"
#include "plan/compilation.h"
#include "plan/record.h"
#include "sink/memory/memory_sink.h"

namespace kiln::api {
namespace {

using job::must;

constexpr std::string_view kView =
    R"({"resourceType":"ViewDefinition","status":"active","name":"ids","resource":"Patient",)"
    R"("select":[{"column":[{"name":"id","path":"id"}]}]})";

plan::PlanPtr make(bool is_shared) {
  plan::Draft draft;
  draft.layout.format = table::Format::kNdjson;
  plan::Subject subject{"ids", must(plan::compile_text(std::string(kView), "view")),
                        std::string(kView), "", "ids"};
  subject.is_shared = is_shared;
  draft.subjects.push_back(std::move(subject));
  plan::Problems problems;
  return plan::make_plan(
      std::move(draft),
      must(dataset::snapshot_of_lines("{\"resourceType\":\"Patient\",\"id\":\"a\"}\n")),
      plan::Hold::kAll, {}, problems);
}

TEST(KeptPlan, ThereIsRoomForAFewPlansWithViewsOfTheirOwn) {
  base::MemoryBudget views(uint64_t{256} << 10);
  ServiceOptions options;
  options.kept_views = &views;
  const plan::PlanPtr plan = make(false);
  auto first = KeptPlan::keep(plan, options);
  const auto second = KeptPlan::keep(plan, options);
  const auto third = KeptPlan::keep(plan, options);
  EXPECT_EQ(first->plan(), plan);
  EXPECT_EQ(second->plan(), plan);
  EXPECT_EQ(third->plan(), nullptr);
  EXPECT_EQ(third->data(), plan->data);
  first.reset();
  EXPECT_EQ(KeptPlan::keep(plan, options)->plan(), plan);
}

TEST(KeptPlan, PublishedViewsTakeNoRoom) {
  base::MemoryBudget views(0);
  ServiceOptions options;
  options.kept_views = &views;
  EXPECT_TRUE(KeptPlan::keep(make(true), options)->plan());
  EXPECT_FALSE(KeptPlan::keep(make(false), options)->plan());
}

class RunnerTest : public ::testing::Test {
 protected:
  /// Runs a job with that record and what is pinned of its kick-off.
  base::Result<std::vector<job::OutputFile>> run(const std::string& record,
                                                 std::shared_ptr<const KeptPlan> kept) {
    job::Job job;
    job.id.text = "0123456789abcdef0123456789abcdef";
    const job::JobSpec spec{record, ""};
    job::JobProgress progress;
    return runner_->run({job, spec, 1, *sink_, progress, {}, std::move(kept)});
  }

  ServiceOptions options_;
  base::SystemClock clock_;
  base::Logger log_;
  output::Writers writers_{1, ::testing::TempDir(), nullptr};
  const std::unique_ptr<sink::ExportSink> sink_ = sink::make_memory_sink(1 << 20);
  const std::unique_ptr<job::JobRunner> runner_ =
      make_export_runner({options_, writers_, clock_, log_});
};

TEST_F(RunnerTest, ThePlanOfTheKickOffIsRunAndTheRecordNotRead) {
  const auto files = run("no record at all", KeptPlan::keep(make(false), options_));
  ASSERT_TRUE(files.ok()) << files.error().to_string();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ((*files)[0].name, "ids.ndjson");
  EXPECT_EQ((*files)[0].rows, 1U);
}

TEST_F(RunnerTest, APlanThatWasNotKeptIsMadeAgainFromTheRecord) {
  base::MemoryBudget none(0);
  options_.kept_views = &none;
  const plan::PlanPtr plan = make(false);
  const auto files = run(plan::write_record(*plan), KeptPlan::keep(plan, options_));
  ASSERT_TRUE(files.ok()) << files.error().to_string();
  EXPECT_EQ((*files)[0].rows, 1U);
  EXPECT_FALSE(run("no record at all", KeptPlan::keep(plan, options_)).ok());
}

TEST_F(RunnerTest, ARecordWithAnUnknownFormatFailsAsOurFault) {
  base::MemoryBudget none(0);
  options_.kept_views = &none;
  const auto files = run(R"({"format":"orc","header":true,"compression":"none","views":[]})",
                         KeptPlan::keep(make(false), options_));
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code(), base::ErrorCode::kInternal);
  EXPECT_EQ(runner_->failure_of({}, files.error()).code, job::FailureCode::kFault);
}

}  // namespace
}  // namespace kiln::api
