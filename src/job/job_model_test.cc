// The job engine against a small model (testing/job_promises.h): clients, slots, the janitor, the
// clock, the sink's failures and the end of the process come in an order that a seed chooses.
#include <cstdlib>
#include <iostream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/job_engine.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/faulty_sink.h"
#include "job/testing/function_runner.h"
#include "job/testing/job_promises.h"
#include "job/testing/must.h"
#include "job/testing/scheduler.h"
#include "job/testing/seams.h"
#include "sink/memory/memory_sink.h"

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr uint64_t kSequences = 1000;
#else
constexpr uint64_t kSequences = 10'000;
#endif
constexpr int kSteps = 150;
constexpr seconds kTtl{60};
constexpr int kSlots = 2;
constexpr const char* kClients[] = {"one", "two"};

std::string contents_of(const std::string& job, uint32_t attempt, const std::string& name) {
  return job + " " + std::to_string(attempt) + " " + name;
}

/// One sequence.
class World {
 public:
  explicit World(uint64_t seed)
      : random_(seed), ids_(seed), inner_(sink::make_memory_sink(1 << 20)), sink_(*inner_) {
    options_.output_ttl = kTtl;
    options_.cleanup_interval = seconds(10);
    options_.max_queued = 4;
    options_.max_queued_per_client = 4;
    sink_.survives_restarts = true;
    sink_.before = [this](SinkCall) { yield(); };
    sink_.after = [this](SinkCall call) {
      listed_ = listed_ || call == SinkCall::kList;
      yield();
    };
    runner_.body = [this](const Attempt& attempt) { return run_attempt(attempt); };
    // In memory, it keeps what was committed when the engine goes, as a file does.
    store_ = must(SqliteJobStore::open(":memory:", Durability::kProcessCrash));
  }

  void run() {
    while (steps_ < kSteps) run_process();
    drain();
  }

 private:
  /// From a start of the process to its end, of one kind or another.
  void run_process() {
    start_engine();
    submitting_ = false;
    Scheduler scheduler(random_);
    scheduler_ = &scheduler;
    for (int i = 0; i < kSlots; ++i) scheduler.add([this] { act_as_slot(); });
    scheduler.add([this] { act_as_janitor(); });
    for (const char* client : kClients) scheduler.add([this, client] { act_as_client(client); });
    scheduler.run([this] { between_steps(); });
    scheduler_ = nullptr;
    // One that is still there pays what it owes by itself, without looking for orphans.
    if (scheduler.crashed() || stopping_) engine_.reset();
    for (const auto& [id, promise] : promises_.all()) promises_[id].running = false;
  }

  void between_steps() {
    ++steps_;
    if (steps_ % 16 == 0) check_stored();
    if (ends()) return;
    if (chance(10)) time_.advance(milliseconds(pick(4000)));
    if (chance(100)) time_.advance(milliseconds(pick(90'000)));
    if (chance(40)) sink_.fail(static_cast<SinkCall>(pick(7)), static_cast<int>(1 + pick(3)));
    if (chance(100)) {
      ++stops_;
      stopping_ = true;
      engine_->stop();
    } else if (chance(60)) {
      scheduler_->crash();
    }
  }

  void act_as_slot() {
    for (;;) {
      const bool had_work = engine_->run_next();
      if (!had_work && ends()) return;
      yield();
    }
  }

  void act_as_janitor() {
    base::WallTime next = time_.now();
    while (!ends()) {
      if (time_.now() >= next || chance(8)) next = clean_up();
      yield();
    }
  }

  /// One pass; what must be gone after it is.
  base::WallTime clean_up() {
    const base::WallTime begin = time_.now();
    const milliseconds wait = engine_->clean_up();
    for (const auto& [id, promise] : promises_.all()) {
      if (!promise.finished) continue;
      if (*promise.finished->expires + options_.cleanup_interval > begin) continue;
      EXPECT_FALSE(must(store_->find(id))) << "reaped too late: " << id.text;
    }
    return time_.now() + wait;
  }

  void act_as_client(const std::string& name) {
    while (!ends()) {
      yield();
      switch (pick(7)) {
        case 0:
        case 1:
          submit(name);
          break;
        case 2:
          cancel();
          break;
        case 3:
          list(name);
          break;
        case 4:
          remove();
          break;
        default:
          find();
          break;
      }
    }
  }

  void submit(const std::string& client) {
    const char* const keys[] = {"", "", "", "k", "l"};
    Submission submission{client, "", keys[pick(5)], chance(4) ? "other" : "usual", ""};
    const auto key = std::pair(client, submission.idempotency_key);
    const auto told = submission.idempotency_key.empty() ? keys_.end() : keys_.find(key);
    if (submitting_) return;  // the engine takes one at a time: the other would wait with the turn
    submitting_ = true;
    auto result = engine_->submit(submission, {}, nullptr);
    submitting_ = false;
    const bool known = told != keys_.end() && !promises_.may_be_dropped(promises_[told->second.id]);
    if (known && told->second.hash != submission.request_hash) {
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.error().code(), base::ErrorCode::kConflict);
    } else if (known) {
      EXPECT_EQ(must(std::move(result)), told->second.id) << "the key stands for a job";
    } else if (result.ok()) {
      EXPECT_EQ(promises_[*result].client, client);
      if (!submission.idempotency_key.empty()) keys_[key] = {*result, submission.request_hash};
    } else if (result.error().code() == base::ErrorCode::kLimit) {
      // Slots may be busy with what was cancelled, and one in the queue is just being so.
      EXPECT_GE(must(store_->count(JobState::kAccepted)) +
                    must(store_->count(JobState::kInProgress)) + std::size(kClients),
                options_.max_queued);
    } else if (result.error().code() == base::ErrorCode::kUnavailable) {
      EXPECT_TRUE(stopping_);
    } else {
      // A submission whose answer a crash has swallowed has the key.
      EXPECT_EQ(result.error().code(), base::ErrorCode::kConflict);
      EXPECT_FALSE(submission.idempotency_key.empty());
    }
  }

  void find() {
    const auto id = some_job();
    if (!id) return;
    const Promise before = promises_[*id];
    const auto view = must(engine_->find(*id));
    promises_.on_found(*id, before, view ? std::optional(view->job) : std::nullopt);
    // While it was asked somebody else may have removed it.
    if (promises_[*id].removals_begun > 0) return;
    if (view && view->job.state == JobState::kCompleted) check_files(view->job);
  }

  void cancel() {
    const auto id = some_job();
    if (!id) return;
    const Promise before = promises_[*id];
    if (!before.finished) promises_[*id].cancel_begun = true;
    const bool granted = must(engine_->cancel(*id));
    const auto record = must(store_->find(*id));
    promises_.on_cancelled(*id, before, granted,
                           record ? std::optional(record->state) : std::nullopt);
  }

  /// Only sometimes: what is finished has to stay for the other actions to see it.
  void remove() {
    const auto id = some_job();
    if (!id || !chance(3)) return;
    const Promise before = promises_[*id];
    ++promises_[*id].removals_begun;
    const bool granted = must(engine_->remove(*id));
    promises_.on_removed(*id, before, granted, must(store_->find(*id)).has_value());
  }

  void list(const std::string& client) {
    const auto before = promises_.all();
    promises_.on_listed(client, before, must(engine_->jobs_of(client)).jobs);
  }

  base::Result<FunctionRunner::Files> run_attempt(const Attempt& attempt) {
    promises_.on_attempt(attempt, options_.max_crashes + stops_);
    Promise& promise = promises_[attempt.job.id];
    promise.running = true;
    auto result = write_files(attempt);
    promise.running = false;
    return result;
  }

  base::Result<FunctionRunner::Files> write_files(const Attempt& attempt) {
    const bool deaf = chance(3);  // busy with something that does not look at stops
    FunctionRunner::Files files;
    for (uint32_t i = 0, count = pick(4); i < count; ++i) {
      yield();
      if (attempt.stop.stop_requested()) {
        EXPECT_TRUE(stopping_ || promises_[attempt.job.id].cancel_begun) << "stopped for nothing";
        if (!deaf) return base::Error(base::ErrorCode::kCancelled, "stopped");
      }
      const std::string name = "part" + std::to_string(i);
      const std::string bytes = contents_of(attempt.job.id.text, attempt.number, name);
      KILN_ASSIGN(const auto stored,
                  store_file(attempt.sink, {attempt.job.id.text, attempt.number, name}, bytes));
      files.push_back({"o", name, i, stored.size, stored.sha256, "text/csv"});
    }
    yield();
    if (!promises_[attempt.job.id].cancel_begun) {
      for (const OutputFile& file : files) {
        EXPECT_TRUE(has_file(*inner_, {attempt.job.id.text, attempt.number, file.name}))
            << "a running job's file was deleted";
      }
    }
    if (chance(4)) return base::Error(base::ErrorCode::kInvalid, "bad data");
    return files;
  }

  void check_files(const Job& job) {
    for (const OutputFile& file : job.files) {
      EXPECT_EQ(must(read_file(*inner_, {job.id.text, job.attempt, file.name}, file.size)),
                contents_of(job.id.text, job.attempt, file.name));
    }
  }

  /// What was promised is there, whether somebody asks or not.
  void check_stored() {
    for (const auto& [id, promise] : promises_.all()) {
      const auto job = must(store_->find(id));
      EXPECT_TRUE(promise.cancels_granted == 0 || !job || job->state == JobState::kCancelled)
          << "revived: " << id.text;
      if (!promise.finished || promises_.may_be_dropped(promise)) continue;
      ASSERT_TRUE(job) << "reaped too early: " << id.text;
      EXPECT_EQ(job->state, promise.finished->state);
      check_files(*job);
    }
  }

  void start_engine() {
    engine_ = std::make_unique<JobEngine>(
        JobEngine::Parts{*store_, sink_, runner_, observer_, clock_, ids_}, options_);
    must(engine_->recover());
    stopping_ = listed_ = false;
  }

  /// Nothing fails any more. What waits ends, what must go goes, in the end all of it.
  void drain() {
    sink_.heal();
    if (!engine_) start_engine();
    while (engine_->run_next()) {
    }
    pay_debts();
    std::vector<std::string> with_files;
    for (const auto& [id, promise] : promises_.all()) {
      const auto view = must(engine_->find(id));
      promises_.on_found(id, promise, view ? std::optional(view->job) : std::nullopt);
      const auto job = must(store_->find(id));  // also if its time is over, and the next pass' work
      if (!job) continue;
      EXPECT_TRUE(is_final(job->state)) << "never came to an end: " << id.text;
      check_files(*job);
      if (!job->files.empty()) with_files.push_back(id.text);
      for (uint32_t attempt = 1; attempt < job->attempt; ++attempt) {
        EXPECT_FALSE(has_file(*inner_, {id.text, attempt, "part0"})) << "of a former attempt";
      }
    }
    EXPECT_THAT(must(inner_->list_jobs({})), testing::ElementsAreArray(with_files));

    time_.advance(options_.output_ttl + options_.cleanup_interval);
    pay_debts();
    EXPECT_THAT(must(inner_->list_jobs({})), IsEmpty());
    for (const auto& [id, promise] : promises_.all()) EXPECT_FALSE(must(store_->find(id)));
    engine_.reset();
  }

  void pay_debts() {
    do {
      time_.advance(engine_->clean_up());
    } while ((must(store_->debt_count()) > 0 || !listed_) && !testing::Test::HasFailure());
  }

  void yield() {
    if (scheduler_ != nullptr) scheduler_->yield();
  }
  bool ends() const { return stopping_ || steps_ >= kSteps; }
  uint32_t pick(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
  bool chance(uint32_t one_in) { return pick(one_in) == 0; }
  std::optional<JobId> some_job() {
    if (promises_.all().empty()) return std::nullopt;
    const auto count = static_cast<uint32_t>(promises_.all().size());
    return std::next(promises_.all().begin(), pick(count))->first;
  }

  /// Others may come in whenever the engine looks at the time.
  class YieldingClock final : public base::Clock {
   public:
    explicit YieldingClock(World& world) : world_(world) {}
    base::WallTime now() override {
      world_.yield();
      return world_.time_.now();
    }
    std::chrono::steady_clock::time_point steady_now() override {
      return world_.time_.steady_now();
    }

   private:
    World& world_;
  };

  /// Or tells of what it has done.
  class YieldingObserver final : public JobObserver {
   public:
    explicit YieldingObserver(World& world) : world_(world) {}
    void on_state(const JobId& id, JobState state, uint32_t) override {
      Promise& promise = world_.promises_[id];
      if (promise.client.empty()) {
        const Job job = *must(world_.store_->find(id));
        promise.client = job.submission.client;
        promise.created = job.created;
      }
      world_.promises_.on_state(id, state);
      world_.yield();
    }
    void on_attempt_end(const JobId&, uint64_t, uint64_t, milliseconds) override { world_.yield(); }
    void on_failure(const JobId&, const base::Error&) override { world_.yield(); }
    void on_expired(uint64_t) override { world_.yield(); }
    void on_deleted(const JobId&) override { world_.yield(); }
    void on_sink_error(const JobId&, const base::Error&) override { world_.yield(); }
    void on_store_error(const base::Error& error) override { ADD_FAILURE() << error.message(); }
    void on_orphans_unknown(const base::Error&) override { world_.yield(); }
    void on_obstacle(std::string_view name, const base::Error*) override { ADD_FAILURE() << name; }

   private:
    World& world_;
  };

  struct Key {
    JobId id;
    std::string hash;
  };

  std::mt19937_64 random_;
  SeededRandom ids_;
  DrivenClock time_;
  YieldingClock clock_{*this};
  YieldingObserver observer_{*this};
  const std::unique_ptr<sink::ExportSink> inner_;
  FaultySink sink_;
  FunctionRunner runner_;
  JobEngineOptions options_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<JobEngine> engine_;
  Scheduler* scheduler_ = nullptr;
  JobPromises promises_{kTtl, time_};
  std::map<std::pair<std::string, std::string>, Key> keys_;  ///< what each stands for
  int steps_ = 0;                                            ///< of all processes
  uint32_t stops_ = 0;
  bool stopping_ = false;
  bool submitting_ = false;
  bool listed_ = false;  ///< this process has looked for orphans
};

uint64_t number_of(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// KILN_SEED=N KILN_SEQUENCES=1 repeats the sequence that a failure names.
TEST(JobModelTest, KeepsItsPromisesInEverySequence) {
  const uint64_t first = number_of("KILN_SEED", std::random_device()());
  const uint64_t count = number_of("KILN_SEQUENCES", kSequences);
  RecordProperty("seed", std::to_string(first));
  std::cout << "seeds from " << first << "\n";
  for (uint64_t seed = first; seed < first + count; ++seed) {
    World(seed).run();
    if (HasFailure()) FAIL() << "KILN_SEED=" << seed << " KILN_SEQUENCES=1";
  }
}

}  // namespace
}  // namespace kiln::job
