// Runs that end early: stops, outputs that fail, files that change.
#include <new>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/thread.h"
#include "dataset/file_source.h"
#include "engine/run_for_test.h"

namespace kiln::engine {
namespace {

class RunEndTest : public EngineTest {};

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

TEST_F(RunEndTest, AnExceptionInOneWorkerIsTheRunsErrorAndNobodyWaits) {
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

TEST_F(RunEndTest, AStopBeforeTheStart) {
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

TEST_F(RunEndTest, AStopInTheMiddle) {
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

TEST_F(RunEndTest, AStopEndsWaitingForAPipe) {
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

TEST_F(RunEndTest, AFailingSinkEndsTheRunWithItsError) {
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

TEST_F(RunEndTest, ASinkThatCannotFinishFailsTheRun) {
  add_file("a", patient_lines(10));
  std::vector<SinkLog> logs(1);
  logs[0].fail_finish = true;
  const auto summary = run_views({id_view()}, logs, options_of(2));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kUnavailable);
}

TEST_F(RunEndTest, AnEncoderThatFailsEndsTheRun) {
  add_file("a", patient_lines(1000));
  const auto view = id_view();
  BadOutput output;
  const dataset::Snapshot files = snapshot();
  const auto summary = run(files, {{view.get(), &output}}, options_of(4, 1000), {}, nullptr);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kUnsupported);
  EXPECT_FALSE(output.finished);
}

TEST_F(RunEndTest, AFileThatIsCutWhileItIsReadIsAConflict) {
  add_file("a", patient_lines(2000));
  std::vector<SinkLog> logs(1);
  logs[0].on_write = [&] { std::filesystem::resize_file(path("a"), 100); };
  const auto summary = run_views({id_view()}, logs, options_of(1, 1000));
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code(), base::ErrorCode::kConflict);
  EXPECT_FALSE(logs[0].finished);
}

TEST_F(RunEndTest, WhatIsAppendedWhileItIsReadIsNotSeen) {
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
