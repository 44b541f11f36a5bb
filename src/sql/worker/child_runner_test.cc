#include "sql/child_runner.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "base/thread.h"
#include "engine/run_for_test.h"
#include "sql/view_tables.h"
#include "sql/worker/spares.h"

namespace kiln::sql {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

/// Beside this program.
std::string worker_path() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "kiln_sql_worker";
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// The processes of queries, and those that wait for one.
std::vector<pid_t> children_of_this() {
  std::vector<pid_t> found;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t child = 0; children >> child;) found.push_back(child);
  }
  return found;
}

/// Until they have ended; they can still be waited for.
void end_children() {
  for (const pid_t child : children_of_this()) {
    ::kill(child, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  }
}

class ChildRunnerTest : public engine::EngineTest {
 protected:
  ChildRunnerTest()
      : runner_(make_child_runner({worker_path(), {kWorkerCommand}}, clock_,
                                  [this](const std::string& missing) { missing_ = missing; })) {
    limits_.memory = uint64_t{256} << 20;
    limits_.temp = uint64_t{256} << 20;
    limits_.temp_dir = folder_ + "/temp";
    fs::create_directory(limits_.temp_dir);
  }
  ~ChildRunnerTest() override {
    runner_.reset();
    EXPECT_TRUE(fs::is_empty(limits_.temp_dir));
    EXPECT_LT(::waitpid(-1, nullptr, WNOHANG), 0) << "a process is left";
  }

  void SetUp() override {
    if (base::kSanitized) {
      GTEST_SKIP() << "a sanitizer takes more address space than a query may have, and makes calls "
                      "that are shut";
    }
  }

  static Query query(const std::string& text, std::vector<view::ViewPtr> views = {},
                     std::vector<std::string> labels = {}, std::vector<Binding> bindings = {}) {
    auto parsed = Statement::parse(text, "query.sql");
    EXPECT_TRUE(parsed.ok()) << parsed.error().to_string();
    Query made{{}, std::move(parsed).value(), {}, std::move(bindings)};
    for (size_t i = 0; i < views.size(); ++i) {
      made.relations.push_back({labels[i], views[i]});
      made.labels.push_back({labels[i], i});
    }
    return made;
  }

  base::Result<std::string> run(const QueryRunner& runner, const Query& query,
                                uint64_t limit = UINT64_MAX) {
    const dataset::Snapshot data = snapshot();
    engine::Options options;
    options.threads = 2;
    ViewTables tables(query, data, options, stop_.get_token(), nullptr);
    KILN_ASSIGN(const table::Schema schema, runner.describe(query, limits_, stop_.get_token()));
    engine::SinkLog log;
    log.on_write = on_write_;
    const auto output = engine::make_text_output(table::Format::kNdjson, schema,
                                                 std::make_unique<engine::LoggedSink>(log));
    KILN_ASSIGN(const uint64_t rows,
                runner.run(query, schema, tables, limits_, limit, stop_.get_token(), *output));
    EXPECT_TRUE(log.finished);
    return table::schema_json(schema) + "\n" + std::to_string(rows) + "\n" + log.bytes;
  }
  base::Result<std::string> run(const Query& query) { return run(*runner_, query); }
  std::string told(const QueryRunner& runner, const Query& query, uint64_t limit = UINT64_MAX) {
    auto got = run(runner, query, limit);
    return got.ok() ? *got
                    : std::string(base::name_of(got.error().code())) + " " +
                          got.error().to_string() + " " + got.error().excerpt();
  }
  ErrorCode failure(const std::string& text) {
    auto got = run(query(text));
    EXPECT_FALSE(got.ok()) << text;
    return got.ok() ? ErrorCode::kUsage : got.error().code();
  }

  base::SystemClock clock_;
  std::stop_source stop_;
  QueryLimits limits_;
  std::string missing_;
  std::function<void()> on_write_;
  std::unique_ptr<QueryRunner> runner_;
};

constexpr const char* kNames = R"({"resourceType":"ViewDefinition","name":"n","status":"active",
  "resource":"Patient","select":[{"column":[{"name":"id","path":"id"},
  {"name":"born","path":"birthDate","type":"date","tag":[{"name":"ansi/type","value":"DATE"}]},
  {"name":"active","path":"active","type":"boolean"},
  {"name":"given","path":"name.given","collection":true}]},
  {"forEachOrNull":"name","column":[{"name":"family","path":"family"}]}]})";

TEST_F(ChildRunnerTest, GivesWhatTheOneInThisProcessGives) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) {
    const std::string number = std::to_string(i);
    text += R"({"resourceType":"Patient","id":")" + number + R"(","active":)" +
            (i % 2 == 0 ? "true" : "false") + R"(,"name":[{"family":"A family \"of length\" )" +
            number + R"(","given":["x",")" + number + "\"]}]" +
            (i % 3 == 0 ? R"(,"birthDate":"2000-01-02")" : "") + "}\n";
  }
  add_file("Patient.ndjson", text);
  const std::vector<view::ViewPtr> views = {compile(kNames), compile(kNames)};
  const char* const statements[] = {
      "SELECT * FROM n",
      "SELECT count(*) c FROM n",
      "SELECT family, given, born FROM n WHERE active ORDER BY id DESC LIMIT 10",
      "SELECT a.id, b.family FROM n a JOIN m b USING (id) WHERE b.born IS NOT NULL",
      "SELECT active, count(*), min(family), list(id ORDER BY id)[1:3] FROM n GROUP BY ALL",
      "SELECT 1.50::DECIMAL(4,2) a, 0.1::DOUBLE b, {'k': [1, NULL]} c, NULL d, 'ab'::BLOB e, "
      "TIMESTAMPTZ '2024-01-01 00:00:00+02' f, 170141183460469231731687303715884105727 g",
      "SELECT strftime(DATE '2024-02-29', '%A') a, timezone('Europe/Vienna', "
      "TIMESTAMP '2024-07-01 12:00:00') b",
      "SELECT i FROM range(100000) t(i)",
      "SELECT $x + 1 AS y",
      "SELECT nothere FROM n",
      "SELECT\n 'x'::INTEGER FROM n",
      "SELECT INTERVAL 1 DAY i",
      "SELECT id FROM n WHERE false",
  };
  for (const char* const statement : statements) {
    const Query one = query(statement, views, {"n", "m"}, {{"x", "INTEGER", "41"}});
    EXPECT_TRUE(told(*runner_, one) == told(local_runner(), one))
        << statement << told(*runner_, one).substr(0, 500);
    EXPECT_EQ(told(*runner_, one, 7), told(local_runner(), one, 7)) << statement;
  }
  EXPECT_EQ(missing_, "");
}

TEST_F(ChildRunnerTest, SqlViewsGoAlong) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"a"})"
                             "\n");
  Query made = query("SELECT id FROM u");
  made.relations.push_back({"n", compile(kNames)});
  auto inner = Statement::parse("SELECT id FROM t", "inner.sql");
  made.relations.push_back({"v", nullptr, "", std::move(*inner), {{"t", 0}}});
  made.labels = {{"u", 1}};
  EXPECT_THAT(told(*runner_, made), testing::EndsWith("1\n{\"id\":\"a\"}\n"));
}

TEST_F(ChildRunnerTest, AnErrorInTheDataKeepsItsPlace) {
  add_file("Patient.ndjson", R"({"resourceType":"Patient","id":"a"})"
                             "\n"
                             R"({"resourceType":"Patient","id":"b","name":[{"family":1}]})"
                             "\n");
  const Query one = query("SELECT family FROM n", {compile(kNames)}, {"n"});
  EXPECT_EQ(told(*runner_, one), told(local_runner(), one));
  auto failed = run(one);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().position().line, 2U);
}

TEST_F(ChildRunnerTest, WhatTakesTooMuchMemoryIsThatQuerysFailure) {
  EXPECT_EQ(failure("SELECT list_sum(range(200000000))"), ErrorCode::kLimit);
  EXPECT_EQ(failure("SELECT length(repeat('x', 1000000000))"), ErrorCode::kLimit);
  EXPECT_EQ(failure("SELECT repeat('x', 100000000)"), ErrorCode::kLimit);
}

TEST_F(ChildRunnerTest, WhatTakesTooLongEnds) {
  limits_.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(failure("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + "
                    "b.range = -1"),
            ErrorCode::kLimit);
}

/// Of another day, so that its deadlines have long passed; stands still until it is moved.
class PastClock final : public base::Clock {
 public:
  base::WallTime now() override { return {}; }
  std::chrono::steady_clock::time_point steady_now() override { return now_; }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  std::chrono::steady_clock::time_point now_ =
      std::chrono::steady_clock::now() - std::chrono::hours(24);
};

/// Views that never give a row. Time is up as soon as they are asked for one.
class SilentTables final : public Tables {
 public:
  SilentTables(PastClock& clock, std::chrono::milliseconds limit) : clock_(clock), limit_(limit) {}
  base::Result<std::unique_ptr<Rows>> open(size_t, const table::Wanted&) override {
    return std::unique_ptr<Rows>(std::make_unique<SilentRows>(*this));
  }
  uint64_t expected_rows(size_t) const override { return 0; }
  bool asked() const { return asked_; }

 private:
  class SilentRows final : public Rows {
   public:
    explicit SilentRows(SilentTables& tables) : tables_(tables) {}
    base::Result<std::unique_ptr<engine::RowsPiece>> next(const base::Deadline& deadline) override {
      tables_.asked_ = true;
      tables_.clock_.advance(tables_.limit_);
      return stream_.take(deadline);
    }

   private:
    SilentTables& tables_;
    engine::RowsStream stream_{table::Schema()};
  };

  PastClock& clock_;
  const std::chrono::milliseconds limit_;
  bool asked_ = false;
};

TEST_F(ChildRunnerTest, WhatWaitsForItsViewsTooLongEnds) {
  limits_.timeout = std::chrono::minutes(10);
  PastClock clock;
  const auto runner = make_child_runner({worker_path(), {kWorkerCommand}}, clock, nullptr);
  const Query one = query("SELECT id FROM n", {compile(kNames)}, {"n"});
  auto schema = runner->describe(one, limits_, {});
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  SilentTables tables(clock, limits_.timeout);
  engine::SinkLog log;
  const auto output = engine::make_text_output(table::Format::kNdjson, *schema,
                                               std::make_unique<engine::LoggedSink>(log));
  auto late = runner->run(one, *schema, tables, limits_, UINT64_MAX, {}, *output);
  EXPECT_TRUE(tables.asked());
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kLimit);
  EXPECT_THAT(late.error().message(), testing::HasSubstr("--sql-timeout"));
}

TEST_F(ChildRunnerTest, ItsRowsDrawOnTheMemoryOfTheProcess) {
  static constexpr uint64_t kMiB = uint64_t{1} << 20;
  base::MemoryBudget budget(48 * kMiB);
  base::MemoryShare share(budget);
  limits_.share = &share;
  EXPECT_EQ(failure("SELECT repeat('x', 60000000) t"), ErrorCode::kLimit);
  EXPECT_EQ(budget.taken(), 0U);
  {
    base::MemoryShare others(budget);
    ASSERT_TRUE(others.take(30 * kMiB));
    EXPECT_EQ(failure("SELECT repeat('x', 10000000) t"), ErrorCode::kNoMemory);
    EXPECT_EQ(budget.taken(), 30 * kMiB);
  }
  uint64_t most = 0;
  on_write_ = [&] { most = std::max(most, budget.taken()); };
  EXPECT_TRUE(run(query("SELECT repeat('x', 10000000) t")).ok());
  EXPECT_GE(most, 20 * kMiB);  // the message and its rows
  EXPECT_EQ(budget.taken(), 0U);
}

constexpr const char* kEndless = "SELECT i FROM range(1000000000000) t(i)";

TEST_F(ChildRunnerTest, AStopEndsItAtOnce) {
  on_write_ = [&] { stop_.request_stop(); };
  auto stopped = run(query(kEndless));
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
}

TEST_F(ChildRunnerTest, ADeathIsAFailure) {
  const size_t descriptors = open_descriptors();
  for (const int signal : {SIGKILL, SIGSEGV, SIGXCPU}) {
    on_write_ = [&] {
      for (const pid_t child : children_of_this()) ::kill(child, signal);
    };
    EXPECT_EQ(failure(kEndless), signal == SIGSEGV ? ErrorCode::kInternal : ErrorCode::kLimit);
    end_children();  // those that wait have had the signal, too, but may not know it yet
  }
  on_write_ = nullptr;
  EXPECT_TRUE(run(query("SELECT 1 a")).ok());
  runner_.reset();
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ChildRunnerTest, AProgramThatIsNoneIsAnError) {
  const auto broken = make_child_runner({"/bin/false", {}}, clock_, nullptr);
  const Query one = query("SELECT 1 a");
  auto failed = broken->describe(one, limits_, {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kInternal);
  const auto missing = make_child_runner({"/nowhere", {}}, clock_, nullptr);
  failed = missing->describe(one, limits_, {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
}

TEST_F(ChildRunnerTest, WhatHasNoRoomGoesToItsOwnFolder) {
  limits_.memory = uint64_t{64} << 20;
  EXPECT_THAT(told(*runner_, query("SELECT max(h) > 0 AS any FROM (SELECT hash(range) h, "
                                   "repeat('x', 50) t FROM range(3000000) ORDER BY h, t)")),
              testing::EndsWith("{\"any\":true}\n"));
  EXPECT_THAT(told(*runner_, query("SELECT count(*) n FROM (SELECT DISTINCT md5(range::VARCHAR) "
                                   "FROM range(2000000))")),
              testing::EndsWith("{\"n\":2000000}\n"));
}

TEST_F(ChildRunnerTest, ItsDoorsAreClosed) {
  const std::string folder = folder_ + "/own";
  fs::create_directory(folder);
  EXPECT_EQ(std::system((worker_path() + " sql-probe " + folder).c_str()), 0);
}

/// A program that starts the process, and leaves a byte for each start.
class CountedProgram {
 public:
  explicit CountedProgram(const std::string& folder) : count_(folder + "/starts") {
    program_.path = folder + "/program";
    std::ofstream(program_.path) << "#!/bin/sh\nprintf x >> '" << count_ << "'\nexec '"
                                 << worker_path() << "' \"$@\"\n";
    fs::permissions(program_.path, fs::perms::owner_all);
  }
  const WorkerProgram& program() const { return program_; }
  void wait_for(size_t starts) const {
    while (!fs::exists(count_) || fs::file_size(count_) < starts) std::this_thread::yield();
  }

 private:
  const std::string count_;
  WorkerProgram program_{"", {kWorkerCommand}};
};

size_t folders_in(const std::string& path) {
  const auto entries = fs::directory_iterator(path);
  return static_cast<size_t>(std::distance(fs::begin(entries), fs::end(entries)));
}

TEST_F(ChildRunnerTest, SparesAreTakenAndMadeAgain) {
  const CountedProgram counted(folder_);
  Spares spares(counted.program());
  const auto first = *spares.take(limits_);
  counted.wait_for(3);
  while (folders_in(limits_.temp_dir) < 3) std::this_thread::yield();
  std::vector<pid_t> before = children_of_this();
  const auto second = *spares.take(limits_);
  EXPECT_THAT(before, testing::Contains(second->process()));
  counted.wait_for(4);
  limits_.memory *= 2;
  const auto other = *spares.take(limits_);
  EXPECT_THAT(before, testing::Not(testing::Contains(other->process()))) << "of other limits";
}

TEST_F(ChildRunnerTest, SparesThatHaveDiedAreNotUsed) {
  const CountedProgram counted(folder_);
  const auto runner = make_child_runner(counted.program(), clock_, nullptr);
  EXPECT_TRUE(run(*runner, query("SELECT 1 a")).ok());
  counted.wait_for(4);
  end_children();
  EXPECT_TRUE(run(*runner, query("SELECT 1 a")).ok());
}

TEST_F(ChildRunnerTest, SparesGoWhenThereIsNoQueryForAWhile) {
  Spares spares({worker_path(), {kWorkerCommand}}, std::chrono::milliseconds(20));
  while (children_of_this().size() < 2) (void)*spares.take(limits_);
  while (!children_of_this().empty()) std::this_thread::yield();
  while (folders_in(limits_.temp_dir) != 0) std::this_thread::yield();
}

uint64_t resident() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0;
  uint64_t pages = 0;
  file >> all >> pages;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// As C has it.
std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    out += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
  }
  return out;
}

TEST_F(ChildRunnerTest, TheListOfBombsEndsAtItsLimits) {
  limits_.timeout = std::chrono::milliseconds(400);
  limits_.memory = uint64_t{128} << 20;
  limits_.temp = uint64_t{64} << 20;
  std::ifstream file("tests/sql/adversarial.tsv");
  ASSERT_TRUE(file.good());
  const uint64_t before = resident();
  size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find("\tbounded\t");
    if (line.starts_with('#') || first == std::string::npos) continue;
    const std::string statement = unescaped(line.substr(first + 9));
    ++count;
    const bool of_view = statement.find("condition") != std::string::npos;
    const Query one =
        of_view ? query(statement, {compile(kNames)}, {"condition"}) : query(statement);
    auto got = run(*runner_, one, 1'000'000);
    if (got.ok()) continue;
    const ErrorCode code = got.error().code();
    EXPECT_TRUE(code == ErrorCode::kLimit || code == ErrorCode::kInvalid ||
                code == ErrorCode::kUnsupported ||
                (code == ErrorCode::kInternal && line.starts_with("json")))  // DuckDB crashes
        << statement << ": " << base::name_of(code) << " " << got.error().to_string();
  }
  EXPECT_GT(count, 50U);
  EXPECT_LT(resident(), before + (uint64_t{128} << 20));
}

}  // namespace
}  // namespace kiln::sql
