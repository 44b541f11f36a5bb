// Lines and rows that are in error.
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class BadDataTest : public EngineTest {};

TEST_F(BadDataTest, TheFirstErrorInTheOrderOfTheInputWins) {
  std::string text = patient_lines(40);
  text += "{\"resourceType\":\"Patient\",\"id\":7x}\n";
  text += patient_lines(200, 40);
  text += "rubbish\n";
  add_file("good", patient_lines(100));
  add_file("bad", text);
  add_file("worse", "[]\n");
  for (const unsigned threads : {1U, 2U, 8U}) {
    for (const size_t part : {30U, 500U, 1U << 20}) {
      std::vector<SinkLog> logs;
      const auto summary = run_views({id_view()}, logs, options_of(threads, part));
      ASSERT_FALSE(summary.ok());
      EXPECT_EQ(summary.error().code(), base::ErrorCode::kInvalid);
      EXPECT_EQ(summary.error().position().source, path("bad"));
      EXPECT_EQ(summary.error().position().line, 41U);
      EXPECT_EQ(summary.error().position().column, 32U);
      EXPECT_FALSE(logs[0].finished);
    }
  }
}

TEST_F(BadDataTest, AnErrorOfARowNamesTheResourceTheViewAndTheLine) {
  add_file("a",
           patient_lines(20) +
               R"({"resourceType":"Patient","name":[{"family":"A"},{"family":"B"}],"id":"p5"})" +
               "\n");
  const auto view = compile(
      R"({"name":"families","resource":"Patient","select":[{"column":[{"name":"f","path":"name.family"}]}]})");
  std::vector<SinkLog> logs;
  const auto summary = run_views({view}, logs, options_of(3, 100));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().position(), (base::SourcePosition{path("a"), 21, 1}));
  EXPECT_EQ(summary.error().message().find("Patient/p5: view 'families': column 'f':"), 0U)
      << summary.error().message();
}

TEST_F(BadDataTest, SkippedLinesAndRowsAreCounted) {
  std::string text;
  for (size_t i = 0; i < 300; ++i) {
    text += patient_line(i);
    if (i % 10 == 0) text += "bad\n";
    if (i % 30 == 0)
      text += R"({"resourceType":"Patient","id":["a","b"]})"
              "\n";
  }
  add_file("a", text);
  const auto lists = compile(
      R"({"name":"v","resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]})");
  for (const unsigned threads : {1U, 5U}) {
    Options options = options_of(threads, 300);
    options.skip_errors = true;
    std::vector<SinkLog> logs;
    const auto summary = run_views({lists}, logs, options);
    ASSERT_TRUE(summary.ok()) << summary.error().to_string();
    EXPECT_EQ(summary->bad_lines, 30U);
    EXPECT_EQ(summary->bad_rows, 10U);
    EXPECT_EQ(summary->resources, 310U);
    EXPECT_EQ(logs[0].bytes, id_rows(300));
    ASSERT_EQ(summary->examples.size(), 10U);
    uint64_t line = 0;
    for (const base::Error& example : summary->examples) {
      EXPECT_GT(example.position().line, line);
      line = example.position().line;
    }
    EXPECT_EQ(summary->examples[0].position().line, 2U);
  }
}

TEST_F(BadDataTest, LinesWithoutATypeAreBadWhateverTheFileIsCalled) {
  for (const std::string type : {"", "Patient"}) {
    inputs_.clear();
    add_file("a", patient_lines(1) + "{\"id\":\"x\"}\n \n\xff\n[1]\n", type);
    Options options = options_of(1);
    options.skip_errors = true;
    std::vector<SinkLog> logs;
    const auto summary = run_views({id_view()}, logs, options);
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->bad_lines, 3U) << type;
    EXPECT_EQ(logs[0].bytes, id_rows(1));
  }
}

TEST_F(BadDataTest, LinesOverTheLimitAreRefusedInPartsAndAcrossThem) {
  add_file("a", patient_lines(5) + patient_line(5, 3000) + patient_lines(5, 6));
  for (const size_t part : {64U, 1000U, 1U << 20}) {
    Options options = options_of(2, part);
    options.reader.max_line_size = 2000;
    std::vector<SinkLog> logs;
    const auto summary = run_views({id_view()}, logs, options);
    ASSERT_FALSE(summary.ok()) << part;
    EXPECT_EQ(summary.error().code(), base::ErrorCode::kLimit);
    EXPECT_EQ(summary.error().position(), (base::SourcePosition{path("a"), 6, 1})) << part;
    options.reader.max_line_size = 4000;
    EXPECT_TRUE(run_views({id_view()}, logs, options).ok());
  }
}

TEST_F(BadDataTest, FullValidationLooksAtWhatNobodyNeeds) {
  add_file("a", patient_lines(3) + R"({"resourceType":"Patient","id":"p3","x":[01]})" + "\n" +
                    R"({"resourceType":"Device","x":tru})" + "\n" + patient_line(4));
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1)).ok());
  EXPECT_EQ(logs[0].bytes, id_rows(5));
  Options options = options_of(1);
  options.validate_full = true;
  const auto strict = run_views({id_view()}, logs, options);
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().position().line, 4U);
  EXPECT_GE(strict.error().position().column, 42U);
  options.skip_errors = true;
  logs.clear();
  const auto skipped = run_views({id_view()}, logs, options);
  ASSERT_TRUE(skipped.ok());
  EXPECT_EQ(skipped->bad_lines, 2U);
  EXPECT_EQ(logs[0].bytes, id_rows(3) + id_rows(1, 4));
}

/// The view is done with a line at its "id": what is missing behind it must be seen all the same.
TEST_F(BadDataTest, AFileThatWasCutOffIsAnErrorWhereverTheCutIs) {
  const std::string last = R"({"resourceType":"Patient","id":"p9","name":[{"given":["a{}"]},{}],)"
                           R"("x":{"y":[{"z":"}"}]}})";
  const auto needing = compile(
      R"({"name":"v","resource":"Patient","where":[{"path":"gender = 'female'"}],"select":[{"column":[{"name":"id","path":"id"}]}]})");
  for (const auto& view : {id_view(), needing, id_view("Device")}) {
    for (const std::string type : {"", "Patient"}) {
      for (size_t size = 1; size <= last.size(); ++size) {
        inputs_.clear();
        add_file("a", patient_lines(3) + last.substr(0, size), type);
        std::vector<SinkLog> logs;
        const auto summary = run_views({view}, logs, options_of(1, 1 + size * 3));
        if (view->resource() != "Patient" && !type.empty()) continue;  // not opened
        ASSERT_EQ(summary.ok(), size == last.size()) << last.substr(0, size);
        if (summary.ok()) continue;
        EXPECT_EQ(summary.error().code(), base::ErrorCode::kInvalid);
        EXPECT_EQ(summary.error().position().line, 4U);
      }
    }
  }
}

/// Inside a file, a line that does not end as an object is no line of it.
TEST_F(BadDataTest, LinesThatWereCutOrRunTogetherAreErrors) {
  const std::string good = R"({"resourceType":"Patient","id":"p1","x":"y"})";
  const std::string zeros(100, '\0');
  const std::vector<std::pair<std::string, uint64_t>> bad = {
      {R"({"resourceType":"Patient","id":"p1","x":"y")", 44},
      {R"({"resourceType":"Patient","id":"p1",)", 37},
      {good + good, 45},
      {good + " " + good, 46},
      {good + "\t" + good, 46},
      {good + "\r" + good, 46},
      {good + "\r\r" + good, 47},
      {good + zeros, 45},
      {R"({"resourceType":"Patient","id":"p1","x":")" + zeros + good, 42},
      {R"({"resourceType":"Patient","id":"p1","x":"zz{)" + good.substr(1), 46},
      {R"({"resourceType":"Patient","x":")" + zeros + R"(","id":"p1"})", 32},
      {R"({"resourceType":"Patient","x":[{"y":")" + zeros + R"("}],"id":"p1"})", 38},
      {good + "]", 45},
      {"[" + good + "]", 1},
  };
  for (const auto& [line, column] : bad) {
    for (const std::string type : {"", "Patient"}) {
      inputs_.clear();
      add_file("a", patient_lines(2) + line + "\n" + patient_line(2), type);
      std::vector<SinkLog> logs;
      const auto summary = run_views({id_view()}, logs, options_of(1));
      ASSERT_FALSE(summary.ok()) << line;
      EXPECT_EQ(summary.error().position(), (base::SourcePosition{path("a"), 3, column})) << line;
    }
  }
}

TEST_F(BadDataTest, WhatOnlyLooksLikeADamagedLineIsNone) {
  const std::string start = R"({"resourceType":"Patient","id":"p)";
  std::string text;
  const std::vector<std::string> ends = {R"("})",
                                         R"(","x":"a{b}{c"})",
                                         "\",\t\"x\"\t:\t{ }\t}\r",
                                         R"("} )",
                                         R"(","x":[ {"y":{} } ]})",
                                         R"(","x":"\"}{\\"})",
                                         R"(","x":{"y":"z{}"}})"};
  for (size_t i = 0; i < ends.size(); ++i) text += start + std::to_string(i) + ends[i] + "\n";
  for (const std::string blank : {"", "\n\n", " \r\n"}) {
    inputs_.clear();
    add_file("a", text + blank);
    std::vector<SinkLog> logs;
    const auto summary = run_views({id_view()}, logs, options_of(1));
    ASSERT_TRUE(summary.ok()) << summary.error().to_string();
    EXPECT_EQ(logs[0].bytes, id_rows(ends.size()));
  }
}

/// A key given twice stops no run that does not ask for a look at every byte.
TEST_F(BadDataTest, TheLastLineMayRepeatKeysAsAnyOther) {
  add_file("a", R"({"resourceType":"Patient","id":"p0","x":1,"x":2})");
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1)).ok());
  EXPECT_EQ(logs[0].bytes, id_rows(1));
}

TEST_F(BadDataTest, LenientCastsAreCounted) {
  add_file("a", patient_lines(10) + R"({"resourceType":"Patient","id":"7"})" + "\n");
  const auto view = compile(
      R"({"name":"v","resource":"Patient","select":[{"column":[{"name":"id","path":"id","tag":[{"name":"ansi/type","value":"INTEGER"}]}]}]})");
  Options options = options_of(3, 100);
  options.lenient_casts = true;
  std::vector<SinkLog> logs;
  const auto summary = run_views({view}, logs, options);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->failed_casts, 10U);
  EXPECT_NE(logs[0].bytes.find("{\"id\":7}"), std::string::npos);
}

}  // namespace
}  // namespace kiln::engine
