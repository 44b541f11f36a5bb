// What the operations work with. Made by the application, shared by all requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/pool.h"
#include "dataset/catalog.h"
#include "dataset/reader.h"
#include "fhir/model.h"
#include "job/job_engine.h"
#include "output/writers.h"
#include "plan/library_graph.h"
#include "plan/published_artefacts.h"
#include "sink/export_sink.h"
#include "sql/query_runner.h"

namespace kiln::api {

class Authenticator;
class Metrics;
class PollLimiter;

struct ServiceOptions {
  std::string base_url;                    ///< public, without a final '/'
  std::vector<std::string> allowed_hosts;  ///< "kiln.example", "kiln.example:8080"; see Reach
  std::vector<std::string> cors_origins;   ///< "https://pages.example"
  base::Pool* pool = nullptr;              ///< whose threads evaluate; null: each its own
  unsigned threads = 1;                    ///< of an own pool
  uint64_t part_rows = 0;                  ///< rows of an exported file; 0: no limit
  uint64_t max_line_size = uint64_t{256} << 20;
  std::optional<fhir::Version> fhir_version;
  plan::GraphLimits graph{};                                    ///< of what a query depends on
  const sql::QueryRunner* query_runner = &sql::local_runner();  ///< never null
  sql::QueryLimits run_query{};                                 ///< of the query of a run
  sql::QueryLimits job_query{};                                 ///< of each query of a job
  base::MemoryBudget* memory = nullptr;                         ///< of the process; null: unbounded
  /// Of the views that unfinished jobs keep compiled, in bytes of their texts; null: unbounded.
  base::MemoryBudget* kept_views = nullptr;
};

/// Everything outlives the server. Thread-safe as its parts are.
struct Service {
  const ServiceOptions& options;
  const plan::PublishedArtefacts& artefacts;
  dataset::Catalog* data;  ///< null: the server has none
  sink::ExportSink& sink;
  output::Writers& writers;
  job::JobEngine& jobs;
  const Authenticator& authenticator;
  PollLimiter& polls;
  Metrics& metrics;
  base::Clock& clock;
  base::Logger& log;
};

}  // namespace kiln::api
