// What was not read, and how a run tells.
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class NothingFoundTest : public EngineTest {};

TEST_F(NothingFoundTest, AViewThatFindsNothingSaysWhatWasNotRead) {
  add_file("Patient.ndjson", patient_lines(2), "Patient");
  add_file("other", R"({"resourceType":"Group","id":"g"})");
  std::vector<SinkLog> logs;
  const auto summary =
      run_views({id_view("Observation"), id_view("Group"), id_view("Device")}, logs, options_of(2));
  ASSERT_TRUE(summary.ok());
  ASSERT_EQ(summary->warnings.size(), 2U);
  for (const base::Error& warning : summary->warnings) {
    EXPECT_NE(warning.message().find("Patient.ndjson"), std::string::npos);
  }
  Options options = options_of(1);
  options.limit = 0;
  EXPECT_TRUE(run_views({id_view("Device")}, logs, options)->warnings.empty());
  options.limit = 1;
  EXPECT_TRUE(run_views({id_view()}, logs, options)->warnings.empty());
}

TEST_F(NothingFoundTest, AFileThatHoldsNoResourcesIsLeftOutIfItWasFound) {
  add_file("a", patient_lines(2));
  add_file("log.ndjson", "{\"event\":1}\n{\"event\":2}\n");
  add_file("manifest.json", "{\"output\":[]}");
  inputs_[2].kind = dataset::FileKind::kJson;
  std::vector<SinkLog> logs;
  for (const size_t named : {1U, 2U}) {
    inputs_[1].found = named != 1;
    inputs_[2].found = named != 2;
    const auto error = run_views({id_view()}, logs, options_of(2)).error().clone();
    EXPECT_EQ(error.position().source, inputs_[named].path);
  }
  inputs_[1].found = inputs_[2].found = true;
  logs.clear();
  const auto summary = run_views({id_view()}, logs, options_of(2, 10));
  ASSERT_TRUE(summary.ok()) << summary.error().to_string();
  EXPECT_EQ(logs[0].bytes, id_rows(2));
  ASSERT_EQ(summary->warnings.size(), 2U);
  EXPECT_EQ(summary->warnings[0].position().source, path("log.ndjson"));
  EXPECT_EQ(summary->warnings[1].position().source, path("manifest.json"));
}

}  // namespace
}  // namespace kiln::engine
