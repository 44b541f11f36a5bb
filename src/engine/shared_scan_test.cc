// Several views over one scan: types, versions, filters, needles, progress.
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class SharedScanTest : public EngineTest {};

TEST_F(SharedScanTest, SeveralViewsShareOneScan) {
  std::string text;
  for (size_t i = 0; i < 200; ++i) {
    text += patient_line(i);
    text += R"({"resourceType":"Observation","id":"p)" + std::to_string(i) +
            (i % 2 == 0 ? R"(","component":[{"id":"c"}]})" : "\"}") + "\n";
    text += R"({"resourceType":"Device","id":"d"})"
            "\n";
  }
  add_file("a", text);
  const auto components = compile(
      R"({"name":"c","resource":"Observation","select":[{"column":[{"name":"id","path":"id"}]},{"forEach":"component","column":[{"name":"c","path":"id"}]}]})");
  Progress progress;
  std::vector<SinkLog> logs;
  const auto summary =
      run_views({id_view(), components, id_view("Observation"), id_view("Group"), id_view()}, logs,
                options_of(4, 333), {}, &progress);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->rows, (std::vector<uint64_t>{200, 100, 200, 0, 200}));
  EXPECT_EQ(logs[0].bytes, id_rows(200));
  EXPECT_EQ(logs[2].bytes, id_rows(200));
  EXPECT_EQ(logs[4].bytes, id_rows(200));
  EXPECT_EQ(std::count(logs[1].bytes.begin(), logs[1].bytes.end(), '\n'), 100);
  EXPECT_EQ(summary->resources, 400U);
  // Each byte once.
  EXPECT_EQ(summary->bytes, text.size());
  EXPECT_EQ(progress.bytes.load(), text.size());
  EXPECT_EQ(progress.bytes_total.load(), text.size());
  EXPECT_EQ(progress.rows.load(), 700U);
}

/// Else a run would seem to be at its beginning until it is at its end.
TEST_F(SharedScanTest, ProgressIsMeasuredByWhatIsRead) {
  const std::string patients = patient_line(0) + patient_line(1);
  add_file("Patient.ndjson", patients, "Patient");
  add_file("Observation.ndjson", std::string(100'000, '\n'), "Observation");
  Progress progress;
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1, 333), {}, &progress).ok());
  EXPECT_EQ(progress.bytes_total.load(), patients.size());
  EXPECT_EQ(progress.bytes.load(), patients.size());
}

TEST_F(SharedScanTest, ProgressTellsWhoGotRowsLast) {
  add_file("a", patient_line(0));
  add_file("b", "{\"resourceType\":\"Group\",\"id\":\"g\"}\n");
  Progress progress;
  std::vector<SinkLog> logs;
  const auto views = {id_view("Device"), id_view("Group"), id_view()};
  ASSERT_TRUE(run_views(views, logs, options_of(2, 333), {}, &progress).ok());
  EXPECT_EQ(progress.subject.load(), 1U);
}

/// However a filter finds its lines (by an id in the raw text, or by what it parses), the rows are
/// those of the compartment, for one patient and for many.
TEST_F(SharedScanTest, AFilterLeavesOutNoRowAndLetsNoneIn) {
  std::string text;
  const auto reference_of = [](size_t i) {
    switch (i % 5) {
      case 0:
        return "Patient/patient-" + std::to_string(i % 3);
      case 1:
        return "https://example.org/Patient/patient-" + std::to_string(i % 3) + "/_history/1";
      case 2:
        return "Patient\\/patient\\u002d" + std::to_string(i % 3);
      case 3:
        return "Group/patient-" + std::to_string(i % 3);  // the id of something else
      default:
        return std::string("Patient/patient-11");
    }
  };
  for (size_t i = 0; i < 300; ++i) {
    const std::string id = "\"id\":\"o" + std::to_string(i) + "\"";
    const std::string subject = R"("subject":{"reference":")" + reference_of(i) + "\"}";
    text += i % 2 == 0 ? R"({"resourceType":"Observation",)" + id + "," + subject
                       : "{" + subject + "," + id + R"(,"resourceType":"Observation")";
    text += R"(,"note":[{"text":"of patient-0, patient-1 and patient-2"}]})"
            "\n";
  }
  add_file("Observation.ndjson", text, "Observation");
  for (size_t patients = 0; patients <= 3; ++patients) {
    Options options = options_of(2, 1000);
    options.filter.patients.emplace();
    for (size_t i = 0; i < patients; ++i) {
      options.filter.patients->insert("patient-" + std::to_string(i));
    }
    std::string expected;
    for (size_t i = 0; i < 300; ++i) {
      if (i % 5 < 3 && i % 3 < patients) expected += "{\"id\":\"o" + std::to_string(i) + "\"}\n";
    }
    std::vector<SinkLog> logs;
    const auto summary = run_views({id_view("Observation")}, logs, options);
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(logs[0].bytes, expected) << patients;
    EXPECT_EQ(summary->resources, 300U);
  }
}

/// What is of a patient differs with the version: R5 knows no asserter of an allergy.
TEST_F(SharedScanTest, ViewsOfSeveralVersionsHaveTheirOwnFilters) {
  const std::string allergy = R"({"resourceType":"AllergyIntolerance","id":")";
  add_file("AllergyIntolerance.ndjson",
           allergy + R"(a","asserter":{"reference":"Patient/patient-1"}})" + "\n" + allergy +
               R"(b","patient":{"reference":"Patient/patient-1"}})" + "\n",
           "AllergyIntolerance");
  const auto view_of = [](const std::string& version) {
    return compile(R"({"name":"v","resource":"AllergyIntolerance","fhirVersion":[")" + version +
                   R"("],"select":[{"column":[{"name":"id","path":"id"}]}]})");
  };
  Options options = options_of(2, 1000);
  options.filter.patients.emplace().insert("patient-1");
  std::vector<SinkLog> logs;
  const auto summary = run_views({view_of("5.0.0"), view_of("4.0.1")}, logs, options);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(logs[0].bytes, "{\"id\":\"b\"}\n");
  EXPECT_EQ(logs[1].bytes, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  EXPECT_EQ(summary->resources, 2U);
}

TEST_F(SharedScanTest, ANeedleLeavesOutNoRow) {
  std::string text;
  std::string expected;
  for (size_t i = 0; i < 300; ++i) {
    const bool hit = i % 7 == 0;
    // The text may be written with escapes, and keys in any order.
    const std::string code = i % 14 == 0 ? R"(85354\u002d9)" : "85354-9";
    const std::string body = R"("code":{"coding":[{"code":")" + (hit ? code : "other") + "\"}]}";
    const std::string id = "\"id\":\"p" + std::to_string(i) + "\"";
    text += i % 3 == 0 ? "{" + id + "," + body + R"(,"resourceType":"Observation"})"
                       : R"({"resourceType":"Observation",)" + id + "," + body + "}";
    text += "\n";
    if (hit) expected += "{\"id\":\"p" + std::to_string(i) + "\"}\n";
  }
  add_file("Observation.ndjson", text, "Observation");
  const auto view = compile(R"json({"name":"v","resource":"Observation",)json"
                            R"json("where":[{"path":"code.coding.exists(code = '85354-9')"}],)json"
                            R"json("select":[{"column":[{"name":"id","path":"id"}]}]})json");
  ASSERT_EQ(view->needle(), "\"85354-9\"");
  std::vector<SinkLog> logs;
  const auto summary = run_views({view}, logs, options_of(2, 1000));
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(logs[0].bytes, expected);
  EXPECT_EQ(summary->resources, 300U);
}

TEST_F(SharedScanTest, NamesOfFilesPromiseTypes) {
  add_file("Patient", patient_lines(3) + R"({"resourceType":"Group","id":"g"})" + "\n", "Patient");
  add_file("Group", "not even JSON\n", "Group");
  std::vector<SinkLog> logs;
  const auto summary = run_views({id_view()}, logs, options_of(2));
  ASSERT_TRUE(summary.ok()) << summary.error().to_string();
  EXPECT_EQ(logs[0].bytes, id_rows(3));
  ASSERT_EQ(summary->warnings.size(), 1U);
  EXPECT_EQ(summary->warnings[0].position().source, path("Patient"));
  EXPECT_TRUE(summary->warnings[0].message().starts_with("1 line "));
}

/// Of a view that keeps everything, too.
TEST_F(SharedScanTest, LinesOfAnotherTypeAreTakenOutWhateverIsReadOfThem) {
  add_file("Patient", patient_lines(1) + R"({"id":"g","resourceType":"Group"})" + "\n", "Patient");
  const auto counts = compile(
      R"json({"name":"v","resource":"Patient","select":[{"column":[{"name":"n","path":"descendants().count()"}]}]})json");
  std::vector<SinkLog> logs;
  const auto summary = run_views({counts, id_view()}, logs, options_of(1));
  ASSERT_TRUE(summary.ok()) << summary.error().to_string();
  EXPECT_EQ(summary->rows, (std::vector<uint64_t>{1, 1}));
  EXPECT_EQ(summary->warnings.size(), 1U);
}

}  // namespace
}  // namespace kiln::engine
