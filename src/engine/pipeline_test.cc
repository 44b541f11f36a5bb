#include "engine/pipeline.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/thread.h"
#include "dataset/bundle.h"
#include "dataset/file_source.h"
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

Options options_of(unsigned threads, size_t part_size = 1 << 20) {
  Options options;
  options.threads = threads;
  options.reader.part_size = part_size;
  return options;
}

class PipelineTest : public EngineTest {};

/// An output whose encoder gives up.
class BadOutput final : public Output {
 public:
  base::Result<std::unique_ptr<Piece>> encode(table::Batch&) override {
    return base::Error(base::ErrorCode::kUnsupported, "cannot encode");
  }
  base::Status write(std::unique_ptr<Piece>, uint64_t) override { return {}; }
  base::Status finish() override {
    finished = true;
    return {};
  }
  bool finished = false;
};

/// An output that throws where it is told to, in whatever thread comes there.
class ThrowingOutput final : public Output {
 public:
  enum class At { kEncode, kWrite, kFinish };
  explicit ThrowingOutput(At at) : at_(at) {}
  base::Result<std::unique_ptr<Piece>> encode(table::Batch& batch) override {
    // The first block stays away: the others must not wait for it.
    if (at_ == At::kEncode && !thrown_.exchange(true)) throw std::bad_alloc();
    auto piece = std::make_unique<Piece>();
    piece->rows = batch.rows();
    return piece;
  }
  base::Status write(std::unique_ptr<Piece>, uint64_t) override {
    if (at_ == At::kWrite) throw std::runtime_error("write");
    return {};
  }
  base::Status finish() override {
    if (at_ == At::kFinish) throw std::bad_alloc();
    return {};
  }

 private:
  const At at_;
  std::atomic<bool> thrown_ = false;
};

TEST_F(PipelineTest, AnExceptionInOneWorkerIsTheRunsErrorAndNobodyWaits) {
  add_file("a.ndjson", patient_lines(2000));
  const auto view = id_view();
  const dataset::Snapshot files = snapshot();
  using At = ThrowingOutput::At;
  for (const unsigned threads : {1U, 4U}) {
    for (const auto& [at, code] : {std::pair{At::kEncode, base::ErrorCode::kNoMemory},
                                   std::pair{At::kWrite, base::ErrorCode::kInternal},
                                   std::pair{At::kFinish, base::ErrorCode::kNoMemory}}) {
      ThrowingOutput output(at);
      const auto summary =
          run(files, {{view.get(), &output}}, options_of(threads, 64), {}, nullptr);
      ASSERT_FALSE(summary.ok());
      EXPECT_EQ(summary.error().code(), code);
    }
  }
}

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

// ---- limits ----

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

// ---- more rows than fit ----

/// Patients with 60 given names, and a view of all combinations of three: 216,000 rows a line.
class ProductTest : public PipelineTest {
 protected:
  static constexpr size_t kLines = 3;
  static constexpr size_t kNames = 60;
  static constexpr size_t kRows = kNames * kNames * kNames;

  ProductTest() {
    std::string names;
    for (size_t i = 0; i < kNames; ++i)
      names += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + '"';
    std::string text;
    for (size_t i = 0; i < kLines; ++i) {
      text += R"({"resourceType":"Patient","id":"p)" + std::to_string(i) +
              R"(","name":[{"given":[)" + names + "]}]}\n";
    }
    add_file("a", text);
  }
  static view::ViewPtr product() {
    std::string text =
        R"({"name":"v","resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]})";
    for (const char* const name : {"x", "y", "z"}) {
      text += std::string(R"(,{"forEach":"name.given","column":[{"name":")") + name +
              R"(","path":"$this"}]})";
    }
    return compile(text + "]}");
  }
};

TEST_F(ProductTest, TheyAreWrittenPieceByPieceInTheirOrder) {
  std::string expected;
  for (const unsigned threads : {1U, 4U}) {
    for (const size_t part : {size_t{100}, size_t{1} << 20}) {
      std::vector<SinkLog> logs;
      size_t largest = 0;
      logs.resize(1);
      logs[0].on_write = [&, before = size_t{0}]() mutable {
        largest = std::max(largest, logs[0].bytes.size() - before);
        before = logs[0].bytes.size();
      };
      const auto summary =
          run_views({product()}, logs, options_of(threads, part), {}, nullptr, table::Format::kCsv);
      ASSERT_TRUE(summary.ok()) << summary.error().to_string();
      EXPECT_EQ(summary->rows[0], kLines * kRows);
      EXPECT_TRUE(logs[0].finished);
      EXPECT_LT(largest, size_t{8} << 20);
      if (expected.empty()) expected = logs[0].bytes;
      EXPECT_TRUE(logs[0].bytes == expected) << threads << " threads, parts of " << part;
    }
  }
  EXPECT_NE(expected.find("\np0,n0,n0,n1\np0,n0,n0,n2\n"), std::string::npos);
  EXPECT_TRUE(expected.ends_with("\np2,n59,n59,n58\np2,n59,n59,n59\n"));
}

TEST_F(ProductTest, ALimitEndsThem) {
  Options options = options_of(2);
  options.limit = 100'000;
  std::vector<SinkLog> logs;
  const auto summary = run_views({product()}, logs, options);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->rows[0], options.limit);
  EXPECT_EQ(std::count(logs[0].bytes.begin(), logs[0].bytes.end(), '\n'),
            static_cast<std::ptrdiff_t>(options.limit));
}

TEST_F(ProductTest, AStopEndsThem) {
  std::stop_source stop;
  std::vector<SinkLog> logs(1);
  logs[0].on_write = [&] { stop.request_stop(); };
  const auto summary = run_views({product()}, logs, options_of(2), stop.get_token());
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kCancelled);
  EXPECT_EQ(logs[0].writes, 1U);
}

/// The worker whose rows are being written wakes up meanwhile, and must not take them away.
TEST_F(ProductTest, AStopDuringAWriteWaitsForIt) {
  for (int round = 0; round < 20; ++round) {
    std::stop_source stop;
    std::vector<SinkLog> logs(1);
    logs[0].on_write = [&] {
      stop.request_stop();
      for (int i = 0; i < 2000; ++i) std::this_thread::yield();
    };
    const auto summary = run_views({product()}, logs, options_of(2), stop.get_token());
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().code(), base::ErrorCode::kCancelled);
  }
}

TEST_F(ProductTest, AFailureEndsThem) {
  std::vector<SinkLog> logs(1);
  logs[0].fail_at = 1;
  const auto summary = run_views({product()}, logs, options_of(2));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().message(), "the disk is full");
  BadOutput output;
  const auto view = product();
  const dataset::Snapshot files = snapshot();
  const auto encoded = run(files, {{view.get(), &output}}, options_of(2), {}, nullptr);
  ASSERT_FALSE(encoded.ok());
  EXPECT_EQ(encoded.error().code(), base::ErrorCode::kUnsupported);
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

/// A text of a megabyte in each row, which the evaluation makes.
TEST_F(PipelineTest, LongTextsAreWrittenBeforeTheirBlockIsDone) {
  add_file("a", patient_lines(200));
  const std::string thousand(1000, 'x');
  const std::string path = "'" + thousand + "'.replace('x', '" + std::string(1000, 'y') + "')";
  const auto view =
      compile(R"j({"name":"v","resource":"Patient","select":[{"column":[{"name":"c","path":")j" +
              path + R"j("}]}]})j");
  std::vector<SinkLog> logs(1);
  size_t largest = 0, total = 0;
  logs[0].on_write = [&] {
    largest = std::max(largest, logs[0].bytes.size());
    total += logs[0].bytes.size();
    logs[0].bytes.clear();
  };
  const auto summary = run_views({view}, logs, options_of(2), {}, nullptr, table::Format::kNdjson);
  ASSERT_TRUE(summary.ok()) << summary.error().to_string();
  EXPECT_EQ(total + logs[0].bytes.size(),
            200 * (1'000'000 + std::string(R"({"c":""})").size() + 1));
  EXPECT_LT(largest, size_t{40} << 20);
}

// ---- errors of data ----

TEST_F(PipelineTest, TheFirstErrorInTheOrderOfTheInputWins) {
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

TEST_F(PipelineTest, AnErrorOfARowNamesTheResourceTheViewAndTheLine) {
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

TEST_F(PipelineTest, SkippedLinesAndRowsAreCounted) {
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

TEST_F(PipelineTest, LinesWithoutATypeAreBadWhateverTheFileIsCalled) {
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

TEST_F(PipelineTest, LinesOverTheLimitAreRefusedInPartsAndAcrossThem) {
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

TEST_F(PipelineTest, FullValidationLooksAtWhatNobodyNeeds) {
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
TEST_F(PipelineTest, AFileThatWasCutOffIsAnErrorWhereverTheCutIs) {
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
TEST_F(PipelineTest, LinesThatWereCutOrRunTogetherAreErrors) {
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

TEST_F(PipelineTest, WhatOnlyLooksLikeADamagedLineIsNone) {
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
TEST_F(PipelineTest, TheLastLineMayRepeatKeysAsAnyOther) {
  add_file("a", R"({"resourceType":"Patient","id":"p0","x":1,"x":2})");
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1)).ok());
  EXPECT_EQ(logs[0].bytes, id_rows(1));
}

TEST_F(PipelineTest, LenientCastsAreCounted) {
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

// ---- one scan for many ----

TEST_F(PipelineTest, SeveralViewsShareOneScan) {
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
TEST_F(PipelineTest, ProgressIsMeasuredByWhatIsRead) {
  const std::string patients = patient_line(0) + patient_line(1);
  add_file("Patient.ndjson", patients, "Patient");
  add_file("Observation.ndjson", std::string(100'000, '\n'), "Observation");
  Progress progress;
  std::vector<SinkLog> logs;
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1, 333), {}, &progress).ok());
  EXPECT_EQ(progress.bytes_total.load(), patients.size());
  EXPECT_EQ(progress.bytes.load(), patients.size());
}

TEST_F(PipelineTest, ProgressTellsWhoGotRowsLast) {
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
TEST_F(PipelineTest, AFilterLeavesOutNoRowAndLetsNoneIn) {
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
TEST_F(PipelineTest, ViewsOfSeveralVersionsHaveTheirOwnFilters) {
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

TEST_F(PipelineTest, ANeedleLeavesOutNoRow) {
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

TEST_F(PipelineTest, NamesOfFilesPromiseTypes) {
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
TEST_F(PipelineTest, LinesOfAnotherTypeAreTakenOutWhateverIsReadOfThem) {
  add_file("Patient", patient_lines(1) + R"({"id":"g","resourceType":"Group"})" + "\n", "Patient");
  const auto counts = compile(
      R"json({"name":"v","resource":"Patient","select":[{"column":[{"name":"n","path":"descendants().count()"}]}]})json");
  std::vector<SinkLog> logs;
  const auto summary = run_views({counts, id_view()}, logs, options_of(1));
  ASSERT_TRUE(summary.ok()) << summary.error().to_string();
  EXPECT_EQ(summary->rows, (std::vector<uint64_t>{1, 1}));
  EXPECT_EQ(summary->warnings.size(), 1U);
}

// ---- Bundles ----

const std::string kMixedBundle =
    R"({"resourceType":"Bundle","id":"b","entry":[{"resource":{"resourceType":"Patient","id":"p1"}},)"
    R"({"resource":{"resourceType":"Group","id":"g"}},{"resource":{"resourceType":"Bundle","id":"i",)"
    R"("entry":[{"resource":{"resourceType":"Patient","id":"p2"}}]}},{"response":{}}]})";

TEST_F(PipelineTest, ALineThatIsABundleStandsForWhatIsInItAndForItself) {
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

TEST_F(PipelineTest, ErrorsInABundlesLineHaveTheirPlaceInTheFile) {
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

TEST_F(PipelineTest, ABundlesLineThatWasCutOffIsAnError) {
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

TEST_F(PipelineTest, BundlesThatAreNestedTooDeeplyAreAnError) {
  std::string text = R"({"resourceType":"Patient","id":"p0"})";
  for (size_t i = 0; i <= dataset::kMaxBundleDepth; ++i) {
    text = R"({"resourceType":"Bundle","entry":[{"resource":)" + text + "}]}";
  }
  add_file("a", text);
  std::vector<SinkLog> logs;
  EXPECT_EQ(run_views({id_view()}, logs, options_of(1)).error().code(), base::ErrorCode::kInvalid);
}

// ---- what was not read ----

TEST_F(PipelineTest, AViewThatFindsNothingSaysWhatWasNotRead) {
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

TEST_F(PipelineTest, AFileThatHoldsNoResourcesIsLeftOutIfItWasFound) {
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

TEST_F(PipelineTest, WithoutSubjectsThereIsNothingToDo) {
  add_file("a", patient_lines(3) + "bad\n");
  std::vector<SinkLog> logs;
  const auto summary = run_views({}, logs, options_of(2));
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->resources, 0U);
}

// ---- stopping ----

TEST_F(PipelineTest, AStopBeforeTheStart) {
  add_file("a", patient_lines(100));
  std::stop_source stop;
  stop.request_stop();
  std::vector<SinkLog> logs;
  const auto summary = run_views({id_view()}, logs, options_of(3), stop.get_token());
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kCancelled);
  EXPECT_FALSE(logs[0].finished);
  EXPECT_TRUE(logs[0].destroyed);
}

TEST_F(PipelineTest, AStopInTheMiddle) {
  add_file("a", patient_lines(20'000));
  for (const unsigned threads : {1U, 4U}) {
    std::stop_source stop;
    std::vector<SinkLog> logs(1);
    logs[0].on_write = [&] {
      if (logs[0].writes == 5) stop.request_stop();
    };
    const auto summary = run_views({id_view()}, logs, options_of(threads, 2000), stop.get_token());
    ASSERT_FALSE(summary.ok());
    EXPECT_EQ(summary.error().code(), base::ErrorCode::kCancelled);
    EXPECT_FALSE(logs[0].finished);
    EXPECT_LT(logs[0].writes, 100U);
  }
}

TEST_F(PipelineTest, AStopEndsWaitingForAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string name = "/proc/self/fd/" + std::to_string(ends[0]);
  inputs_.push_back({name, dataset::FileKind::kNdjson, ""});
  std::stop_source stop;
  const std::jthread stopper([&] { stop.request_stop(); });
  std::vector<SinkLog> logs;
  const auto summary = run_views({id_view()}, logs, options_of(2), stop.get_token());
  EXPECT_FALSE(summary.ok());
  if (!summary.ok()) {
    EXPECT_EQ(summary.error().code(), base::ErrorCode::kCancelled);
  }
  close(ends[0]);
  close(ends[1]);
}

// ---- outputs that fail ----

TEST_F(PipelineTest, AFailingSinkEndsTheRunWithItsError) {
  add_file("a", patient_lines(5000));
  for (const unsigned threads : {1U, 8U}) {
    for (const size_t at : {size_t{0}, size_t{3}}) {
      std::vector<SinkLog> logs(2);
      logs[1].fail_at = at;
      const auto summary = run_views({id_view(), id_view()}, logs, options_of(threads, 1000));
      ASSERT_FALSE(summary.ok());
      EXPECT_EQ(summary.error().code(), base::ErrorCode::kIo);
      EXPECT_EQ(summary.error().message(), "the disk is full");
      EXPECT_EQ(logs[1].writes, at + 1);
      EXPECT_FALSE(logs[0].finished);
      EXPECT_FALSE(logs[1].finished);
    }
  }
}

TEST_F(PipelineTest, ASinkThatCannotFinishFailsTheRun) {
  add_file("a", patient_lines(10));
  std::vector<SinkLog> logs(1);
  logs[0].fail_finish = true;
  const auto summary = run_views({id_view()}, logs, options_of(2));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kUnavailable);
}

TEST_F(PipelineTest, AnEncoderThatFailsEndsTheRun) {
  add_file("a", patient_lines(1000));
  const auto view = id_view();
  BadOutput output;
  const dataset::Snapshot files = snapshot();
  const auto summary = run(files, {{view.get(), &output}}, options_of(4, 1000), {}, nullptr);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kUnsupported);
  EXPECT_FALSE(output.finished);
}

// ---- files that change ----

TEST_F(PipelineTest, AFileThatIsCutWhileItIsReadIsAConflict) {
  add_file("a", patient_lines(2000));
  std::vector<SinkLog> logs(1);
  logs[0].on_write = [&] { std::filesystem::resize_file(path("a"), 100); };
  const auto summary = run_views({id_view()}, logs, options_of(1, 1000));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kConflict);
  EXPECT_FALSE(logs[0].finished);
}

TEST_F(PipelineTest, WhatIsAppendedWhileItIsReadIsNotSeen) {
  add_file("a", patient_lines(100));
  std::vector<SinkLog> logs(1);
  logs[0].on_write = [&] {
    std::ofstream(path("a"), std::ios::binary | std::ios::app) << patient_line(7777);
  };
  ASSERT_TRUE(run_views({id_view()}, logs, options_of(1, 500)).ok());
  EXPECT_EQ(logs[0].bytes, id_rows(100));
}

}  // namespace
}  // namespace kiln::engine
