// Resources that make more rows, or longer texts, than are kept.
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

/// Patients with 60 given names, and a view of all combinations of three: 216,000 rows a line.
class ProductTest : public EngineTest {
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

/// A text of a megabyte in each row, which the evaluation makes.
TEST_F(EngineTest, LongTextsAreWrittenBeforeTheirBlockIsDone) {
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

}  // namespace
}  // namespace kiln::engine
