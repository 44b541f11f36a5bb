#include "api/metrics.h"

#include <algorithm>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace kiln::api {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries kRequestSeconds = {0.001, 0.005, 0.025, 0.1,
                                                                 0.5,   2.5,   10,    60};
const prometheus::Histogram::BucketBoundaries kJobSeconds = {0.1, 0.5, 2.5,  10,
                                                             60,  300, 1800, 7200};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      BuildCounter().Name("kiln_http_requests_total").Help("Requests answered").Register(registry);
  prometheus::Histogram& request_seconds = BuildHistogram()
                                               .Name("kiln_http_request_duration_seconds")
                                               .Help("From the request to the end of its answer")
                                               .Register(registry)
                                               .Add({}, kRequestSeconds);
  prometheus::Family<prometheus::Gauge>& jobs =
      BuildGauge().Name("kiln_export_jobs").Help("Export jobs by state").Register(registry);
  prometheus::Counter& rows = BuildCounter()
                                  .Name("kiln_export_rows_total")
                                  .Help("Rows of exports that were completed")
                                  .Register(registry)
                                  .Add({});
  prometheus::Counter& bytes = BuildCounter()
                                   .Name("kiln_export_bytes_total")
                                   .Help("Bytes of exports that were completed")
                                   .Register(registry)
                                   .Add({});
  prometheus::Histogram& job_seconds = BuildHistogram()
                                           .Name("kiln_export_job_duration_seconds")
                                           .Help("Attempts at export jobs, from start to end")
                                           .Register(registry)
                                           .Add({}, kJobSeconds);
  prometheus::Gauge& debts = BuildGauge()
                                 .Name("kiln_export_deletion_debts")
                                 .Help("Outputs that are still to be deleted")
                                 .Register(registry)
                                 .Add({});
  prometheus::Family<prometheus::Gauge>& obstacles =
      BuildGauge()
          .Name("kiln_export_obstacles")
          .Help("1: what keeps jobs from being taken")
          .Register(registry);
  prometheus::Counter& reaped = BuildCounter()
                                    .Name("kiln_export_reaped_total")
                                    .Help("Finished jobs that have expired")
                                    .Register(registry)
                                    .Add({});
  prometheus::Family<prometheus::Counter>& sink_errors =
      BuildCounter()
          .Name("kiln_sink_errors_total")
          .Help("Operations of the export sink that failed")
          .Register(registry);
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  // A rate needs the zero before the first error.
  for (const sink::SinkOperation one : sink::kSinkOperations) sink_errors_of(one);
}
Metrics::~Metrics() = default;

void Metrics::count_request(std::string_view route, int status,
                            std::chrono::microseconds duration) {
  families_->requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}})
      .Increment();
  families_->request_seconds.Observe(static_cast<double>(duration.count()) / 1e6);
}

void Metrics::count_attempt(uint64_t rows, uint64_t bytes, std::chrono::milliseconds duration) {
  families_->rows.Increment(static_cast<double>(rows));
  families_->bytes.Increment(static_cast<double>(bytes));
  families_->job_seconds.Observe(static_cast<double>(duration.count()) / 1e3);
}

void Metrics::count_expired(uint64_t jobs) {
  families_->reaped.Increment(static_cast<double>(jobs));
}

void Metrics::count_sink_error(sink::SinkOperation operation) {
  sink_errors_of(operation).Increment();
}

prometheus::Counter& Metrics::sink_errors_of(sink::SinkOperation operation) {
  return families_->sink_errors.Add({{"operation", std::string(sink::name_of(operation))}});
}

std::string Metrics::to_text(const job::JobEngine::Gauges& gauges,
                             const std::vector<job::Obstacle>& obstacles) {
  const auto set = [&](const char* state, uint64_t count) {
    families_->jobs.Add({{"state", state}}).Set(static_cast<double>(count));
  };
  set("accepted", gauges.accepted);
  set("in-progress", gauges.in_progress);
  set("completed", gauges.completed);
  set("failed", gauges.failed);
  set("cancelled", gauges.cancelled);
  families_->debts.Set(static_cast<double>(gauges.debts));
  for (const std::string_view name : job::kObstacles) {
    const bool is_there =
        std::any_of(obstacles.begin(), obstacles.end(),
                    [&](const job::Obstacle& obstacle) { return obstacle.name == name; });
    families_->obstacles.Add({{"obstacle", std::string(name)}}).Set(is_there ? 1 : 0);
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace kiln::api
