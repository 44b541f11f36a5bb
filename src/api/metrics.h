// What the server counts, in Prometheus' text format (operations.md §7).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "job/job_engine.h"
#include "sink/observed_sink.h"

namespace prometheus {
class Counter;
}

namespace kiln::api {

/// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void count_request(std::string_view route, int status, std::chrono::microseconds duration);
  void count_attempt(uint64_t rows, uint64_t bytes, std::chrono::milliseconds duration);
  void count_expired(uint64_t jobs);
  void count_sink_error(sink::SinkOperation operation);

  std::string to_text(const job::JobEngine::Gauges& gauges,
                      const std::vector<job::Obstacle>& obstacles);

 private:
  prometheus::Counter& sink_errors_of(sink::SinkOperation operation);

  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace kiln::api
