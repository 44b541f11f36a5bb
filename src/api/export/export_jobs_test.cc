// What a job looks like from outside while time passes: an engine without threads, whose runner
// asks what a client would.
#include "api/export/export_jobs.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/access/access.h"
#include "api/export/download.h"
#include "api/export/kept_plan.h"
#include "api/export/poll_limiter.h"
#include "api/export/start_export.h"
#include "api/issue/fault.h"
#include "api/metrics.h"
#include "api/routes.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/function_runner.h"
#include "job/testing/must.h"
#include "job/testing/seams.h"
#include "json/document.h"
#include "plan/record.h"
#include "sink/memory/memory_sink.h"

namespace kiln::api {
namespace {

using job::must;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class NoObserver final : public job::JobObserver {
 public:
  void on_state(const job::JobId&, job::JobState, uint32_t) override {}
  void on_attempt_end(const job::JobId&, uint64_t, uint64_t, milliseconds) override {}
  void on_failure(const job::JobId&, const base::Error&) override {}
  void on_expired(uint64_t) override {}
  void on_deleted(const job::JobId&) override {}
  void on_sink_error(const job::JobId&, const base::Error&) override {}
  void on_store_error(const base::Error&) override {}
  void on_orphans_unknown(const base::Error&) override {}
  void on_obstacle(std::string_view, const base::Error*) override {}
};

/// A client sees its own jobs.
class StrictAuthenticator final : public Authenticator {
 public:
  std::variant<Access, Issue> authenticate(const net::Request& request) const override {
    ++asked;
    if (request.peer.empty()) return Issue{IssueCode::kLogin, "who are you?", ""};
    return Access{request.peer, actions, false};
  }
  Actions actions = kAllActions;
  mutable int asked = 0;
};

class ExportJobsTest : public ::testing::Test {
 protected:
  ExportJobsTest() {
    options_.base_url = "http://kiln.example";
    must(engine_.recover());
  }

  job::JobId submit(const std::string& tracking_id = "") {
    return must(engine_.submit({"client", tracking_id, "", "", "csv", 2}, {}, nullptr));
  }
  /// Runs the next job; `during` is called while it is under way.
  void run(std::function<void(job::JobProgress&)> during) {
    runner_.body = [&](const job::Attempt& attempt) {
      during(attempt.progress);
      const sink::ObjectKey key{attempt.job.id.text, attempt.number, "a.csv"};
      auto writer = must(attempt.sink.create(key, {}));
      must(writer->write("id\n"));
      const auto stored = must(writer->finish());
      return job::FunctionRunner::Files{{"a", "a.csv", 7, stored.size, stored.sha256, "text/csv"}};
    };
    EXPECT_TRUE(engine_.run_next());
  }
  net::Response poll(const job::JobId& id) {
    clock_.advance(seconds(1));  // as often as it is allowed
    return export_status(service_, everybody_, {}, id);
  }
  /// A parameter's value as it stands in the body; empty if it is not there.
  static std::string value_of(const net::Response& response, const std::string& name) {
    const auto document = must(json::Document::parse(std::get<std::string>(response.body), "body"));
    for (const json::Value one : document->root()["parameter"].items()) {
      if (one["name"].text() != name) continue;
      for (const json::Value value : one.items()) {
        if (value.key().starts_with("value")) return std::string(value.raw());
      }
    }
    return "";
  }

  ServiceOptions options_;
  const plan::PublishedArtefacts artefacts_{std::make_shared<plan::ArtefactRegistry>()};
  job::DrivenClock clock_;
  job::SeededRandom random_;
  NoObserver observer_;
  job::FunctionRunner runner_;
  const std::unique_ptr<job::JobStore> store_ =
      must(job::SqliteJobStore::open(":memory:", job::Durability::kProcessCrash));
  const std::unique_ptr<sink::ExportSink> sink_ = sink::make_memory_sink(1 << 20);
  job::JobEngineOptions engine_options_{.max_queued = 1000, .output_ttl = seconds(600)};
  job::JobEngine engine_{{*store_, *sink_, runner_, observer_, clock_, random_}, engine_options_};
  PollLimiter polls_{clock_, 3};
  Metrics metrics_;
  base::Logger log_;
  StrictAuthenticator authenticator_;
  const Access everybody_{"client"};
  output::Writers writers_{1, ::testing::TempDir(), nullptr};
  const Service service_{options_,       artefacts_, nullptr,  *sink_, writers_, engine_,
                         authenticator_, polls_,     metrics_, clock_, log_};
};

/// What the kick-off has compiled is what the job runs.
TEST_F(ExportJobsTest, AJobHasTheKickOffsPlan) {
  net::Request request;
  request.method = "POST";
  request.headers.add("Prefer", "respond-async");
  request.body =
      R"({"resourceType":"ViewDefinition","name":"v","status":"active","resource":"Patient",)"
      R"("select":[{"column":[{"name":"id","path":"id"}]}]})";
  const net::Response response =
      start_export(kViewFamily, service_, Access{}, request, std::nullopt);
  EXPECT_EQ(response.status, 202);
  bool ran = false;
  runner_.body = [&](const job::Attempt& attempt) {
    const auto kept = KeptPlan::of(attempt);
    EXPECT_TRUE(kept->plan());
    EXPECT_EQ(kept->plan()->data, kept->data());
    EXPECT_EQ(plan::write_record(*kept->plan()), attempt.spec.request);
    ran = true;
    return job::FunctionRunner::Files();
  };
  EXPECT_TRUE(engine_.run_next());
  EXPECT_TRUE(ran);
}

TEST_F(ExportJobsTest, Ops_4_2_AQueuedJob) {
  const net::Response response = poll(submit("track"));
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.headers.get("X-Progress"), "0%");
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
  EXPECT_EQ(value_of(response, "status"), "\"accepted\"");
  EXPECT_EQ(value_of(response, "clientTrackingId"), "\"track\"");
  EXPECT_EQ(value_of(response, "exportStartTime"), "");
  EXPECT_EQ(value_of(response, "percentComplete"), "0");
  EXPECT_EQ(value_of(response, "subjectsDone"), "0");
  EXPECT_EQ(value_of(response, "subjectsTotal"), "2");
}

/// By bytes: one big subject does not stay at 0 %.
TEST_F(ExportJobsTest, Ops_4_2_ProgressOfOneSubjectAndTheTimeThatIsLeft) {
  const job::JobId id = submit();
  run([&](job::JobProgress& progress) {
    progress.set_subjects({"a"});
    EXPECT_EQ(value_of(poll(id), "estimatedTimeRemaining"), "") << "nothing to reckon with yet";
    progress.scanned.bytes_total = 1000;
    progress.scanned.bytes = 250;
    progress.scanned.rows = 7;
    clock_.advance(seconds(8));  // ten with the polls
    const net::Response response = poll(id);
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(response.headers.get("X-Progress"), "25%");
    EXPECT_EQ(value_of(response, "status"), "\"in-progress\"");
    EXPECT_EQ(value_of(response, "percentComplete"), "25");
    EXPECT_EQ(value_of(response, "estimatedTimeRemaining"), "30");
    EXPECT_EQ(value_of(response, "rowsWritten"), "7");
    EXPECT_EQ(value_of(response, "bytesRead"), "250");
    EXPECT_EQ(value_of(response, "bytesTotal"), "1000");
    EXPECT_EQ(value_of(response, "subjectsDone"), "0");
    EXPECT_EQ(value_of(response, "subjectsTotal"), "2") << "what was asked for";
    EXPECT_EQ(value_of(response, "currentSubject"), "\"a\"");
    progress.scanned.bytes = 1000;
    EXPECT_EQ(poll(id).headers.get("X-Progress"), "99%") << "it is not whole before it is recorded";
  });
}

TEST_F(ExportJobsTest, Issue_RetryAfterGrowsWithTheJobsLength) {
  const job::JobId id = submit();
  run([&](job::JobProgress&) {
    EXPECT_EQ(poll(id).headers.get("Retry-After"), "1");
    clock_.advance(seconds(99));
    EXPECT_EQ(poll(id).headers.get("Retry-After"), "10");
    clock_.advance(seconds(499));
    EXPECT_EQ(poll(id).headers.get("Retry-After"), "60");
    clock_.advance(std::chrono::hours(10));
    EXPECT_EQ(poll(id).headers.get("Retry-After"), "120") << "at most";
  });
}

TEST_F(ExportJobsTest, Ops_6_429_OnlyWithinASecond) {
  const job::JobId id = submit(), other = submit();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(export_status(service_, everybody_, {}, id).status, 202);
  const net::Response refused = export_status(service_, everybody_, {}, id);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  EXPECT_EQ(export_status(service_, everybody_, {}, other).status, 202) << "each job for itself";
  clock_.advance(milliseconds(999));
  EXPECT_EQ(export_status(service_, everybody_, {}, id).status, 429);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(export_status(service_, everybody_, {}, id).status, 202);
}

/// By the clock, whether the janitor has come or not.
TEST_F(ExportJobsTest, Ops_4_8_EverythingIsThereUntilExpires) {
  const job::JobId id = submit();
  run([](job::JobProgress&) {});
  const auto expires = must(store_->find(id))->expires;
  ASSERT_TRUE(expires.has_value());
  clock_.advance(*expires - clock_.now() - milliseconds(1));
  EXPECT_EQ(export_status(service_, everybody_, {}, id).status, 303);
  const net::Response result = export_result(service_, everybody_, {}, id);
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.headers.get("Expires"), base::to_http_date(*expires));
  EXPECT_EQ(value_of(result, "_format"), "\"csv\"");
  EXPECT_EQ(download(service_, everybody_, {}, id, "a.csv").status, 200);
  EXPECT_THAT(std::get<std::string>(list_exports(service_, everybody_, {}).body),
              HasSubstr(id.text));
  clock_.advance(milliseconds(1));
  EXPECT_EQ(export_status(service_, everybody_, {}, id).status, 404);
  EXPECT_EQ(export_result(service_, everybody_, {}, id).status, 404);
  EXPECT_EQ(download(service_, everybody_, {}, id, "a.csv").status, 404);
  EXPECT_EQ(cancel_export(service_, everybody_, {}, id).status, 404);
  EXPECT_EQ(std::get<std::string>(list_exports(service_, everybody_, {}).body).find(id.text),
            std::string::npos);
}

TEST_F(ExportJobsTest, Ops_6_500_AnExceptionIsAFaultWithAnId) {
  net::Request request;
  request.id = "request-7";
  const net::Response response =
      guarded(service_, request, []() -> net::Response { throw std::runtime_error("inner"); });
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(std::get<std::string>(response.body), HasSubstr("request-7"));
  EXPECT_THAT(std::get<std::string>(response.body), ::testing::Not(HasSubstr("inner")));
}

TEST_F(ExportJobsTest, Ops_6_503_WantOfMemoryMayPass) {
  const net::Response response =
      guarded(service_, {}, []() -> net::Response { throw std::bad_alloc(); });
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.get("Retry-After"));
  EXPECT_THAT(std::get<std::string>(response.body), HasSubstr("--memory-limit"));
}

/// The same authorization everywhere: what another may not see is not there.
TEST_F(ExportJobsTest, Ops_4_9_AnothersJobIsNotThere) {
  const job::JobId done = submit();
  run([](job::JobProgress&) {});
  const job::JobId waiting = submit();
  const Access owner{"client", kAllActions, false}, other{"other", kAllActions, false};
  for (const job::JobId& id : {done, waiting}) {
    EXPECT_EQ(export_status(service_, other, {}, id).status, 404);
    EXPECT_EQ(export_result(service_, other, {}, id).status, 404);
    EXPECT_EQ(download(service_, other, {}, id, "a.csv").status, 404);
    EXPECT_EQ(cancel_export(service_, other, {}, id).status, 404);
  }
  EXPECT_EQ(export_status(service_, owner, {}, waiting).status, 202) << "it has not been cancelled";
  EXPECT_EQ(export_status(service_, owner, {}, done).status, 303);
  EXPECT_EQ(export_result(service_, owner, {}, done).status, 200);
  EXPECT_EQ(download(service_, owner, {}, done, "a.csv").status, 200);
  EXPECT_EQ(cancel_export(service_, owner, {}, waiting).status, 202);
}

/// Each route, what it declares, and what it takes to use it.
struct RouteCase {
  const char* method;
  const char* path;
  net::Lane lane;
  Action action;
};
constexpr const char* kId = "0123456789abcdef0123456789abcdef";
const RouteCase kRoutes[] = {
    {"GET", "/health", net::Lane::kAtOnce, Action::kProbe},
    {"GET", "/ready", net::Lane::kProbe, Action::kProbe},
    {"GET", "/metrics", net::Lane::kProbe, Action::kReadMetrics},
    {"GET", "/metadata", net::Lane::kQuick, Action::kDescribe},
    {"GET", "/OperationDefinition/x", net::Lane::kQuick, Action::kDescribe},
    {"GET", "/ViewDefinition", net::Lane::kQuick, Action::kReadArtefacts},
    {"GET", "/Library/x", net::Lane::kQuick, Action::kReadArtefacts},
    {"GET", "/$viewdefinition-run", net::Lane::kLong, Action::kRun},
    {"POST", "/ViewDefinition/x/$run", net::Lane::kLong, Action::kRun},
    {"GET", "/$viewdefinition-export", net::Lane::kQuick, Action::kExport},
    {"POST", "/ViewDefinition/x/$viewdefinition-export", net::Lane::kLong, Action::kExport},
    {"GET", "/export", net::Lane::kQuick, Action::kExport},
    {"GET", "/export/ID", net::Lane::kQuick, Action::kExport},
    {"DELETE", "/export/ID", net::Lane::kQuick, Action::kExport},
    {"GET", "/export/ID/result", net::Lane::kQuick, Action::kExport},
    {"DELETE", "/export/ID/result", net::Lane::kQuick, Action::kExport},
    {"GET", "/export/ID/files/a.csv", net::Lane::kQuick, Action::kExport},
};

TEST_F(ExportJobsTest, Issue_1_7_EveryRouteAsksOnceWhoComes) {
  const Routes routes(service_, "1");
  for (const RouteCase& route : kRoutes) {
    net::Request request;
    request.method = route.method;
    request.path = route.path;
    if (const size_t id = request.path.find("ID"); id != std::string::npos) {
      request.path.replace(id, 2, kId);
    }
    authenticator_.asked = 0;
    authenticator_.actions = kAllActions;
    EXPECT_EQ(routes.handle(request).status, 401) << request.path;
    EXPECT_EQ(authenticator_.asked, 1) << request.path;
    request.peer = "client";
    EXPECT_NE(routes.handle(request).status, 403) << request.path;
    authenticator_.actions = ~actions_of(route.action);
    EXPECT_EQ(routes.handle(request).status, 403) << request.path;
    authenticator_.actions = actions_of(route.action);
    EXPECT_NE(routes.handle(request).status, 403) << request.path;
  }
}

/// Not even looking at the body of a run or a kick-off is quick: a small one can be hard to
/// compile.
TEST_F(ExportJobsTest, Issue_1_5_EveryRouteDeclaresItsLane) {
  options_.base_url = "http://kiln.example/fhir";
  const Routes routes(service_, "1");
  for (const RouteCase& route : kRoutes) {
    for (const char* const base : {"", "/fhir"}) {
      net::Request request;
      request.method = route.method;
      request.path = std::string(base) + route.path;
      EXPECT_EQ(routes.lane_of(request), route.lane) << request.path;
    }
  }
  net::Request unknown;
  unknown.method = "POST";
  for (const char* const path : {"/", "/x", "/health", "/export/$run"}) {
    unknown.path = path;
    EXPECT_EQ(routes.lane_of(unknown), net::Lane::kQuick) << path;
  }
}

/// Nothing is cut silently.
TEST_F(ExportJobsTest, Ops_7_AListOfManyJobsHasPages) {
  std::vector<std::string> made;
  for (size_t i = 0; i < 2 * job::JobList::kMost + 5; ++i) {
    made.push_back(submit().text);
    if (i % 3 == 0) clock_.advance(milliseconds(1));  // some are of the same moment
  }
  std::vector<std::string> listed;
  net::Request request;
  for (size_t page = 0; page < 3; ++page) {
    const net::Response response = list_exports(service_, everybody_, request);
    const auto document = must(json::Document::parse(std::get<std::string>(response.body), "body"));
    std::string next;
    for (const json::Value one : document->root()["parameter"].items()) {
      if (one["name"].text() == "next") next = one["valueUri"].text();
      if (one["name"].text() != "job") continue;
      listed.emplace_back(one["part"].items().front()["valueString"].text());
    }
    EXPECT_EQ(next.empty(), page == 2);
    const std::string start = "http://kiln.example/export?behind=";
    EXPECT_TRUE(next.empty() || next.starts_with(start)) << next;
    request.query = {{"behind", next.empty() ? "" : next.substr(start.size())}};
  }
  std::sort(made.begin(), made.end());
  std::vector<std::string> sorted = listed;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, made);
  for (const char* const bad : {"", "x", "1-2", "-1"}) {
    request.query = {{"behind", bad}};
    EXPECT_EQ(list_exports(service_, everybody_, request).status, 400) << bad;
  }
}

TEST_F(ExportJobsTest, Ops_4_9_AListIsOfOnesOwnJobs) {
  const job::JobId id = submit();
  EXPECT_EQ(std::get<std::string>(list_exports(service_, Access{"other"}, {}).body).find(id.text),
            std::string::npos);
}

}  // namespace
}  // namespace kiln::api
