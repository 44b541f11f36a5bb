#include "api/run/row_body.h"

#include <array>
#include <cstdio>

#include "api/issue/fault.h"
#include "api/run/binary_sink.h"
#include "base/guarded.h"

namespace kiln::api {
namespace {

/// Of a run's own from the start: what most take for their blocks and rows.
constexpr uint64_t kRunMemory = uint64_t{4} << 20;

class ClientSink final : public engine::ByteSink {
 public:
  explicit ClientSink(net::StreamWriter& writer) : writer_(writer) {}
  base::Status write(std::string_view bytes) override { return writer_.write(bytes); }
  base::Status finish() override { return {}; }

 private:
  net::StreamWriter& writer_;
};

base::Status evaluate(const RowRequest& request, engine::Output& output, const Service& service,
                      std::stop_token stop) {
  WorkMemory memory(service.options.memory);
  KILN_TRY(memory.reserve(kRunMemory));
  plan::Execution execution = execution_of(service.options, service.clock.now(), memory);
  execution.stop = std::move(stop);
  execution.query = service.options.run_query;
  KILN_ASSIGN(const auto summary, plan::run(*request.plan, {&output}, execution));
  log_left_out(service.log, "id", request.id, summary);
  return {};
}

base::Status produce_rows(const RowRequest& request, const Service& service,
                          net::StreamWriter& writer, std::stop_token stop) {
  std::unique_ptr<engine::ByteSink> sink = std::make_unique<ClientSink>(writer);
  if (request.representation.as_binary) {
    sink = make_binary_sink(std::move(sink),
                            std::string(table::media_type(request.representation.format)));
  }
  KILN_ASSIGN(const auto output,
              service.writers.open(request.plan->layout, request.subject().schema(),
                                   output::one_stream(std::move(sink))));
  return evaluate(request, *output, service, std::move(stop));
}

/// An exception, of want of memory most likely, is an error like others.
base::Status produce(const RowRequest& request, const Service& service, net::StreamWriter& writer,
                     std::stop_token stop) {
  return base::guarded([&] { return produce_rows(request, service, writer, std::move(stop)); });
}

}  // namespace

plan::Execution execution_of(const ServiceOptions& options, base::WallTime now,
                             WorkMemory& memory) {
  plan::Execution execution;
  execution.pool = options.pool;
  execution.threads = options.threads;
  execution.now = now;
  execution.memory = memory.share();
  execution.query_runner = options.query_runner;
  return execution;
}

void log_left_out(base::Logger& log, std::string_view kind, const std::string& id,
                  const engine::Summary& summary) {
  for (const base::Error& warning : summary.warnings) {
    log.warning("some of the data are left out", {{kind, id}, {"what", warning.to_string()}});
  }
}

net::Response row_response(RowRequest row_request, const Service& service) {
  const auto request = std::make_shared<const RowRequest>(std::move(row_request));
  const Representation& representation = request->representation;
  net::Response response;
  response.headers.add("Content-Type", representation.as_binary
                                           ? "application/fhir+json"
                                           : std::string(table::media_type(representation.format)));
  net::StreamBody body;
  body.producer = [request, &service](net::StreamWriter& writer, std::stop_token stop) {
    return produce(*request, service, writer, std::move(stop));
  };
  body.on_early_error = [request, &service](const base::Error& error) {
    return outcome_response(
        logged_issue(service, request->id, "run failed", error, request->subject().place));
  };
  response.body = std::move(body);
  return response;
}

}  // namespace kiln::api
