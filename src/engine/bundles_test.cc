// Lines that are Bundles.
#include "dataset/bundle.h"
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class BundlesTest : public EngineTest {};

const std::string kMixedBundle =
    R"({"resourceType":"Bundle","id":"b","entry":[{"resource":{"resourceType":"Patient","id":"p1"}},)"
    R"({"resource":{"resourceType":"Group","id":"g"}},{"resource":{"resourceType":"Bundle","id":"i",)"
    R"("entry":[{"resource":{"resourceType":"Patient","id":"p2"}}]}},{"response":{}}]})";

TEST_F(BundlesTest, ALineThatIsABundleStandsForWhatIsInItAndForItself) {
  const std::string text = patient_lines(1) + kMixedBundle + "\n" + patient_lines(1, 3);
  for (const std::string type : {"", "Patient"}) {
    for (const std::string end : {"", "{\"resourceType\":\"Device\"}"}) {
      inputs_.clear();
      add_file("a", text + end, type);
      std::vector<SinkLog> logs;
      const auto summary =
          run_views({id_view(), id_view("Bundle"), id_view("Group")}, logs, options_of(2, 50));
      ASSERT_TRUE(summary.ok()) << summary.error().to_string();
      EXPECT_EQ(logs[0].bytes, id_rows(4));
      // A file's name is believed: what other views would get of it must not depend on this one.
      EXPECT_EQ(logs[1].bytes, type.empty() ? "{\"id\":\"b\"}\n{\"id\":\"i\"}\n" : "");
      EXPECT_EQ(logs[2].bytes, type.empty() ? "{\"id\":\"g\"}\n" : "");
    }
  }
}

TEST_F(BundlesTest, ErrorsInABundlesLineHaveTheirPlaceInTheFile) {
  const std::string start = R"({"resourceType":"Bundle","entry":[{"resource":)";
  const std::string nested = start + start + R"({"resourceType":"Patient","id":)";
  for (const std::string& before : {start + R"({"resourceType":"Patient","id":)", nested}) {
    const std::string after = before == nested ? "}}]}}]}\n" : "}}]}\n";
    inputs_.clear();
    add_file("a", patient_lines(1) + before + "01" + after + patient_lines(1, 1));
    std::vector<SinkLog> logs;
    const auto summary = run_views({id_view()}, logs, options_of(1));
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().position(), (base::SourcePosition{path("a"), 2, before.size() + 1}));
    Options options = options_of(1);
    options.skip_errors = true;
    logs.clear();
    const auto skipped = run_views({id_view()}, logs, options);
    ASSERT_TRUE(skipped.ok());
    EXPECT_EQ(skipped->bad_lines, 1U);
    EXPECT_EQ(logs[0].bytes, id_rows(2));
  }
}

TEST_F(BundlesTest, ABundlesLineThatWasCutOffIsAnError) {
  for (size_t size = 1; size < kMixedBundle.size(); ++size) {
    for (const std::string end : {"", "\n", "\n{\"resourceType\":\"Patient\",\"id\":\"p3\"}\n"}) {
      inputs_.clear();
      add_file("a", patient_lines(1) + kMixedBundle.substr(0, size) + end);
      for (const std::string type : {"Patient", "Bundle"}) {
        std::vector<SinkLog> logs;
        const auto summary = run_views({id_view(type)}, logs, options_of(1));
        const bool at_brace = kMixedBundle[size - 1] == '}' && end.size() > 1;
        if (type == "Bundle" && at_brace) continue;  // the view is done with it before the cut
        ASSERT_FALSE(summary.ok()) << type << kMixedBundle.substr(0, size);
        EXPECT_EQ(summary.error().position().line, 2U);
      }
    }
  }
}

TEST_F(BundlesTest, BundlesThatAreNestedTooDeeplyAreAnError) {
  std::string text = R"({"resourceType":"Patient","id":"p0"})";
  for (size_t i = 0; i <= dataset::kMaxBundleDepth; ++i) {
    text = R"({"resourceType":"Bundle","entry":[{"resource":)" + text + "}]}";
  }
  add_file("a", text);
  std::vector<SinkLog> logs;
  EXPECT_EQ(run_views({id_view()}, logs, options_of(1)).error().code(), base::ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kiln::engine
