#include "app/serve/application.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>

#include "api/access/access.h"
#include "api/export/export_runner.h"
#include "api/export/job_monitor.h"
#include "api/export/poll_limiter.h"
#include "api/metrics.h"
#include "api/routes.h"
#include "app/data_options.h"
#include "app/descriptor_limit.h"
#include "app/memory_limit.h"
#include "app/serve/configured_sink.h"
#include "app/serve/published_views.h"
#include "app/serve/service_manager.h"
#include "app/serve/state_directory.h"
#include "app/version.h"
#include "base/memory_budget.h"
#include "base/thread.h"
#include "job/short_id.h"
#include "job/sqlite/sqlite_job_store.h"
#include "net/address.h"
#include "sink/observed_sink.h"
#include "sql/child_runner.h"

namespace kiln::app {
namespace {

std::string url_of(const ServeOptions& options, uint16_t port) {
  const bool v6 = options.host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(port);
}

/// As configured_sink.cc makes them.
bool is_instance(std::string_view name) {
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// What to listen on. The addresses decide who can reach it, not what the name looks like.
base::Result<std::vector<std::string>> addresses_of(const ServeOptions& options) {
  auto addresses = net::resolve_host(options.host);
  if (!addresses.ok()) return std::move(addresses).error().in("--host");
  if (options.allow_unauthenticated && !options.base_url.empty()) return addresses;
  for (const std::string& address : *addresses) {
    if (net::is_loopback(address)) continue;
    return base::Error(base::ErrorCode::kUsage,
                       "--host " + options.host + " is not loopback (" + address +
                           "): that needs --allow-unauthenticated, as there is no authentication "
                           "yet, and --base-url, for the URLs that are handed out");
  }
  return addresses;
}

net::ServerOptions server_options(const ServeOptions& options,
                                  const std::vector<std::string>& addresses,
                                  base::MemoryBudget& memory) {
  net::ServerOptions server;
  server.memory = &memory;
  // The other half is for data, outputs and the database.
  server.max_connections = std::min(server.max_connections, raise_descriptor_limit() / 2);
  server.addresses = addresses;
  server.port = options.port;
  server.max_body_size = options.max_body_size;
  server.max_held = std::max<size_t>(server.max_held, 4 * options.max_body_size);
  server.request_timeout = options.request_timeout;
  return server;
}

/// The routes outlive the server.
net::Callbacks callbacks_of(const api::Routes& routes) {
  net::Callbacks callbacks;
  callbacks.handler = [&](const net::Request& request) { return routes.handle(request); };
  callbacks.responder = api::Routes::refuse;
  callbacks.logger = [&](const net::RequestLog& entry) { routes.log(entry); };
  callbacks.lane_of = [&](const net::Request& request) { return routes.lane_of(request); };
  callbacks.complete_head = [&](const net::Request& request, net::Headers& headers) {
    routes.complete_head(request, headers);
  };
  return callbacks;
}

/// Everything between the state directory and the listening socket.
class Application {
 public:
  Application(const ServeOptions& options, std::vector<std::string> addresses, StateDirectory state,
              std::unique_ptr<PublishedViews> views, std::unique_ptr<dataset::Catalog> data)
      : options_(options),
        addresses_(std::move(addresses)),
        state_(std::move(state)),
        views_(std::move(views)),
        data_(std::move(data)),
        memory_(options.memory_limit != 0 ? options.memory_limit : default_memory_limit()),
        log_(options.log_level, options.log_format, job::shorten_job_ids),
        monitor_(log_, metrics_),
        polls_(clock_, options.poll_limit) {
    service_options_.memory = &memory_;
    service_options_.kept_views = &kept_views_;
    service_options_.allowed_hosts = options.allowed_hosts;
    service_options_.cors_origins = options.cors_origins;
    service_options_.threads = options.threads;
    service_options_.part_rows = options.part_rows;
    service_options_.max_line_size = options.max_line_size;
    service_options_.fhir_version = options.fhir_version;
    service_options_.graph = {options.sql_max_depth, options.sql_max_dependencies};
    sql::QueryLimits& of_job = service_options_.job_query;
    of_job = {options.sql_memory_limit, std::filesystem::absolute(state_.scratch_path()).string(),
              options.sql_temp_limit, options.sql_timeout};
    service_options_.run_query = of_job;
    if (options.sql_timeout.count() == 0) {
      service_options_.run_query.timeout = options.request_timeout;
    }
    service_options_.query_runner = query_runner_.get();
  }

  base::Status run(const std::stop_token& stop, Hangups& hangups) {
    KILN_ASSIGN(pool_, base::Pool::start(options_.threads, base::Pool::Use::kShared));
    service_options_.pool = pool_.get();
    (void)reserve_.check();  // a disk that is full already is told by /ready
    KILN_ASSIGN(store_, job::SqliteJobStore::open(state_.database_path(),
                                                  job::Durability::kMachineCrash, &reserve_));
    watch_.emplace(state_.database_path(),
                   std::vector{state_.lock_path(), state_.database_path() + "-wal"});
    KILN_ASSIGN(const std::string former_instance, store_->noted("instance"));
    KILN_ASSIGN(auto sink, open_configured_sink(options_, state_, *store_, clock_, random_, stop));
    sink_ = sink::observe_sink(std::move(sink),
                               [this](sink::SinkOperation operation, const base::Error& error) {
                                 on_sink_error(operation, error);
                               });
    // All of it at once: its files stay when what made them is over, and jobs need the rest.
    if (sink_->kind() == "memory" && (options_.export_memory_limit > memory_.limit() / 2 ||
                                      !memory_.take(options_.export_memory_limit))) {
      return base::Error(base::ErrorCode::kUsage,
                         "--export-memory-limit is more than half of --memory-limit");
    }
    output::Writers& writers = writers_.emplace(options_.threads, state_.scratch_path(), &memory_);
    runner_ = api::make_export_runner({service_options_, writers, clock_, log_});
    job::JobEngineOptions job_options;
    job_options.max_running = options_.max_running;
    job_options.max_queued = options_.max_queued;
    job_options.max_queued_per_client = options_.max_queued_per_client;
    job_options.output_ttl = std::chrono::seconds(options_.output_ttl);
    job_options.cleanup_interval = std::chrono::seconds(options_.cleanup_interval);
    job_options.is_alone = true;  // state_ holds the lock of the directory with the store
    job::SinkLease lease(*store_, *sink_, clock_, random_, state_.identity(),
                         2 * job_options.output_ttl);
    job::JobEngine jobs({*store_, *sink_, *runner_, monitor_, clock_, random_,
                         job::Guards{&*watch_, &reserve_, &lease}},
                        job_options);
    const api::Service service{service_options_,
                               views_->artefacts(),
                               data_.get(),
                               *sink_,
                               writers,
                               jobs,
                               *authenticator_,
                               polls_,
                               metrics_,
                               clock_,
                               log_};
    if (options_.output_ttl < kShortestAdvisedTtl) {
      log_.warning("output is kept for less than the guide's minimum of 24 h",
                   {{"seconds", options_.output_ttl}});
    }

    views_->log_state(log_);
    warn_if_open();
    // The real port is in every URL.
    KILN_ASSIGN(const auto server,
                net::Server::listen(server_options(options_, addresses_, memory_)));
    const std::string url = url_of(options_, server->port());
    service_options_.base_url = options_.base_url.empty() ? url : options_.base_url;
    const api::Routes routes(service, version_number());
    KILN_TRY(jobs.start());
    KILN_TRY(server->serve(callbacks_of(routes)));

    std::printf("kiln: listening on %s\n", url.c_str());
    std::fflush(stdout);
    log_.info("listening", {{"url", url}, {"base", service_options_.base_url}});
    const std::string status = "listening on " + url;
    service_manager_.ready(status);
    base::Thread others;  // a store that is down must not hold up the start
    if (former_instance.empty()) {
      auto looking = base::start_thread([&] { warn_of_others(stop); }, [](base::Error) {});
      if (looking.ok()) others = std::move(*looking);
    }
    while (hangups.wait(stop)) {
      service_manager_.reloading();
      views_->reload(log_);
      service_manager_.ready(status);
    }
    log_.info("stopping");
    service_manager_.stopping();
    // Both at once, if there is a thread for it.
    auto jobs_stop = base::start_thread([&] { jobs.stop(); }, [](base::Error) {});
    server->stop();
    if (jobs_stop.ok()) jobs_stop->join();
    jobs.stop();
    log_.info("stopped");
    return {};
  }

 private:
  void warn_if_open() {
    for (const std::string& address : addresses_) {
      if (net::is_loopback(address)) continue;
      log_.warning("anyone who can reach this address can read the data",
                   {{"address", address}, {"host", options_.host}});
    }
  }

  /// What fails in a job or a deletion is logged with its job: downloads have nobody else.
  void on_sink_error(sink::SinkOperation operation, const base::Error& error) {
    metrics_.count_sink_error(operation);
    if (operation != sink::SinkOperation::kOpen && operation != sink::SinkOperation::kRead) return;
    log_.error("download failed", {{"error", error.to_string()}});
  }

  /// Whose folders a new state directory finds: perhaps they belonged to the one that was here.
  void warn_of_others(const std::stop_token& stop) {
    const auto others = sink_->other_instances(stop);
    std::string names;
    size_t count = 0;
    for (size_t i = 0; others.ok() && i < others->size(); ++i) {
      if (!is_instance((*others)[i])) continue;
      if (++count <= kMostNamed) names += (names.empty() ? "" : ", ") + (*others)[i];
    }
    if (count == 0) return;
    log_.warning(
        "the state directory is new, but the sink has output of other instances, which "
        "this server neither serves nor deletes",
        {{"count", count}, {"instances", names}});
  }

  static constexpr size_t kMostNamed = 20;
  static constexpr uint64_t kKeptViews = uint64_t{1} << 20;  ///< docs/impl/plan.md
  static constexpr uint32_t kShortestAdvisedTtl = 86'400;

  const ServeOptions& options_;
  const std::vector<std::string> addresses_;
  StateDirectory state_;
  const std::unique_ptr<PublishedViews> views_;
  std::unique_ptr<dataset::Catalog> data_;
  base::MemoryBudget memory_;
  base::MemoryBudget kept_views_{kKeptViews};
  base::SystemClock clock_;
  base::SystemRandom random_;
  base::Logger log_;
  ServiceManager service_manager_{std::getenv("NOTIFY_SOCKET"), log_};
  api::Metrics metrics_;
  api::JobMonitor monitor_;
  const std::unique_ptr<api::Authenticator> authenticator_ = api::make_open_authenticator();
  api::PollLimiter polls_;
  const std::unique_ptr<sql::QueryRunner> query_runner_ =
      sql::make_child_runner({}, clock_, [this](const std::string& missing) {
        log_.warning("queries are not shut in as they could be: the kernel lacks something",
                     {{"missing", missing}});
      });
  api::ServiceOptions service_options_;
  std::unique_ptr<base::Pool> pool_;        ///< of all evaluations
  std::optional<output::Writers> writers_;  ///< made when the sink has its memory
  job::Reserve reserve_{state_.path()};
  std::optional<job::StateWatch> watch_;  ///< outlives the store
  std::unique_ptr<job::JobStore> store_;
  std::unique_ptr<sink::ExportSink> sink_;
  std::unique_ptr<job::JobRunner> runner_;
};

}  // namespace

base::Status serve(const ServeOptions& options, const std::stop_token& stop, Hangups& hangups) {
  ::umask(077);  // job ids are capabilities, outputs are patients' data
  std::unique_ptr<dataset::Catalog> data;
  if (std::find(options.data.begin(), options.data.end(), "-") != options.data.end()) {
    return base::Error(base::ErrorCode::kUsage, "a server cannot serve standard input");
  }
  KILN_ASSIGN(std::vector<std::string> addresses, addresses_of(options));
  if (!options.data.empty()) {
    KILN_ASSIGN(data, dataset::Catalog::open(options.data, fhir::is_resource_type));
  }
  KILN_ASSIGN(auto views, PublishedViews::load(options));
  KILN_ASSIGN(StateDirectory state, StateDirectory::open(options.state_dir));
  Application application(options, std::move(addresses), std::move(state), std::move(views),
                          std::move(data));
  return application.run(stop, hangups);
}

}  // namespace kiln::app
