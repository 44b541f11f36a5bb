#include "engine/pipeline.h"

#include <algorithm>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/thread.h"
#include "dataset/file_source.h"
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class PipelineTest : public EngineTest {};

TEST_F(PipelineTest, TheBytesDoNotDependOnThreadsOrParts) {
  std::string text;
  for (size_t i = 0; i < 400; ++i) {
    text += R"({"resourceType":"Patient","id":"p)" + std::to_string(i) + R"(","name":[)";
    for (size_t n = 0; n < i % 4; ++n) {
      text += std::string(n == 0 ? "" : ",") + R"({"family":"f)" + std::string(i % 50, 'x') + "\"}";
    }
    text += "]}\n";
    if (i % 13 == 0) text += "\n";
  }
  text.pop_back();  // the last line does not end
  add_file("a.ndjson",
           text.substr(0, text.size() / 2).substr(0, text.rfind('\n', text.size() / 2) + 1));
  add_file("b.ndjson", text.substr(text.rfind('\n', text.size() / 2) + 1));
  const auto view = compile(
      R"({"name":"v","resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]},)"
      R"({"forEachOrNull":"name","column":[{"name":"f","path":"family"},{"name":"i","path":"%rowIndex"}]}]})");
  for (const auto format : {table::Format::kNdjson, table::Format::kCsv, table::Format::kJson}) {
    std::string expected;
    for (const unsigned threads : {1U, 2U, 5U, 16U}) {
      for (const size_t part : {7U, 64U, 1000U, 4096U, 1U << 20}) {
        std::vector<SinkLog> logs;
        const auto summary =
            run_views({view}, logs, options_of(threads, part), {}, nullptr, format);
        ASSERT_TRUE(summary.ok()) << summary.error().to_string();
        EXPECT_TRUE(logs[0].finished);
        EXPECT_EQ(summary->resources, 400U);
        EXPECT_EQ(summary->rows[0], 700U);
        if (expected.empty()) expected = logs[0].bytes;
        EXPECT_EQ(logs[0].bytes == expected, true)
            << table::name_of(format) << " threads " << threads << " part " << part;
      }
    }
    EXPECT_GT(expected.size(), 10'000U);
  }
}

TEST_F(PipelineTest, FilesComeInTheirOrder) {
  add_file("b", patient_lines(50, 0));
  add_file("a", patient_lines(50, 50));
  add_file("empty", "");
  add_file("c", patient_lines(50, 100));
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(4, 100)).ok());
  EXPECT_EQ(logs[0].bytes, id_rows(150));
}

TEST_F(PipelineTest, NoDataStillMakesACompleteOutput) {
  std::vector<SinkLog> logs;
  const auto summary =
      run_views({id_view()}, logs, options_of(3), {}, nullptr, table::Format::kJson);
  ASSERT_TRUE(summary.ok());
  EXPECT_TRUE(logs[0].finished);
  EXPECT_EQ(logs[0].bytes.find_first_not_of("[] \n"), std::string::npos) << logs[0].bytes;
  EXPECT_EQ(summary->rows[0], 0U);
}

TEST_F(PipelineTest, ALimitCutsAtTheRow) {
  add_file("a", patient_lines(100));
  for (const uint64_t limit : {0U, 1U, 57U, 100U, 101U}) {
    for (const unsigned threads : {1U, 4U}) {
      Options options = options_of(threads, 200);
      options.limit = limit;
      std::vector<SinkLog> logs;
      const auto summary = run_views({id_view()}, logs, options);
      ASSERT_TRUE(summary.ok());
      EXPECT_EQ(logs[0].bytes, id_rows(std::min<size_t>(limit, 100)));
      EXPECT_EQ(summary->rows[0], std::min<size_t>(limit, 100));
      EXPECT_TRUE(logs[0].finished);
    }
  }
}

TEST_F(PipelineTest, ALimitStopsReadingEarly) {
  add_file("a", patient_lines(20'000));
  Options options = options_of(1, 1000);
  options.limit = 10;
  Progress progress;
  std::vector<SinkLog> logs;
  const auto summary = run_views({id_view()}, logs, options, {}, &progress);
  ASSERT_TRUE(summary.ok());
  EXPECT_LT(summary->resources, 100U);
  EXPECT_LT(progress.bytes.load(), 10'000U);
  EXPECT_EQ(progress.rows.load(), 10U);
}

TEST_F(PipelineTest, ALimitIsOfEachSubject) {
  add_file("a", patient_lines(30) + R"({"resourceType":"Group","id":"p0"})" + "\n");
  Options options = options_of(2, 100);
  options.limit = 5;
  std::vector<SinkLog> logs;
  const auto summary = run_views({id_view(), id_view("Group")}, logs, options);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(logs[0].bytes, id_rows(5));
  // The other has to be looked for to the end.
  EXPECT_EQ(logs[1].bytes, id_rows(1));
}

/// A pipe that nobody writes to, a file system that has gone away: of one run alone.
TEST_F(PipelineTest, ARunThatWaitsForItsDataHoldsUpNoOther) {
  auto pool = base::Pool::start(1, base::Pool::Use::kShared);
  ASSERT_TRUE(pool.ok());
  Options options = options_of(1);
  options.pool = pool->get();
  const std::string pipe = path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int writer = open(pipe.c_str(), O_RDWR);  // so that there is no end yet
  ASSERT_GE(writer, 0);
  auto waiting = dataset::open_files({{pipe, dataset::FileKind::kNdjson}});
  ASSERT_TRUE(waiting.ok());
  const auto view = id_view();
  SinkLog log;
  const auto output =
      make_text_output(table::Format::kNdjson, view->schema(), std::make_unique<LoggedSink>(log));
  std::stop_source stop;
  auto thread = base::start_thread(
      [&] {
        const auto stopped =
            run(*waiting, {{view.get(), output.get()}}, options, stop.get_token(), nullptr);
        EXPECT_FALSE(stopped.ok());
      },
      [](const base::Error&) {});
  ASSERT_TRUE(thread.ok());
  add_file("a", patient_lines(10));
  for (int i = 0; i < 20; ++i) {  // also when the other one has had its turn
    std::vector<SinkLog> logs;
    ASSERT_TRUE(run_views({view}, logs, options).ok());
    EXPECT_EQ(logs[0].bytes, id_rows(10));
  }
  stop.request_stop();
  thread->join();
  close(writer);
}

TEST_F(PipelineTest, WithoutSubjectsThereIsNothingToDo) {
  add_file("a", patient_lines(3) + "bad\n");
  std::vector<SinkLog> logs;
  const auto summary = run_views({}, logs, options_of(2));
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->resources, 0U);
}

}  // namespace
}  // namespace kiln::engine
