#include "api/row_body.h"

#include <array>
#include <cstdio>

#include "api/binary_sink.h"
#include "api/fault.h"
#include "base/guarded.h"
#include "engine/pipeline.h"

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
  engine::Options options = engine_options(service.options, service.clock.now(), memory);
  options.limit = request.limit;
  options.filter = request.filter;
  KILN_ASSIGN(const auto summary,
              engine::run(*request.data, {{request.subject.view.get(), &output}}, options,
                          std::move(stop), nullptr));
  log_left_out(service.log, "id", request.id, summary);
  return {};
}

base::Status produce_rows(const RowRequest& request, const Service& service,
                          net::StreamWriter& writer, std::stop_token stop) {
  const RowFormat& format = request.representation.format;
  std::unique_ptr<engine::ByteSink> sink = std::make_unique<ClientSink>(writer);
  if (request.representation.as_binary) {
    sink = make_binary_sink(std::move(sink), format.media_type());
  }
  output::Layout layout;
  layout.format = format.flat.value_or(table::Format::kFhir);
  layout.text = {request.header, false};
  layout.limited = request.limit != UINT64_MAX;
  KILN_ASSIGN(const auto output, service.writers.open(layout, request.subject.view->schema(),
                                                      output::one_stream(std::move(sink))));
  return evaluate(request, *output, service, std::move(stop));
}

/// An exception, of want of memory most likely, is an error like others.
base::Status produce(const RowRequest& request, const Service& service, net::StreamWriter& writer,
                     std::stop_token stop) {
  return base::guarded([&] { return produce_rows(request, service, writer, std::move(stop)); });
}

}  // namespace

engine::Options engine_options(const ServiceOptions& options, base::WallTime now,
                               WorkMemory& memory) {
  engine::Options result;
  result.memory = memory.share();
  result.threads = options.threads;
  result.reader.max_line_size = options.max_line_size;
  result.now = now;
  return result;
}

void log_left_out(base::Logger& log, std::string_view kind, const std::string& id,
                  const engine::Summary& summary) {
  for (const base::Error& warning : summary.warnings) {
    log.warning("some of the data are left out", {{kind, id}, {"what", warning.to_string()}});
  }
}

net::Response row_response(std::shared_ptr<const RowRequest> request, const Service& service) {
  const Representation& representation = request->representation;
  net::Response response;
  response.headers.add("Content-Type", representation.as_binary
                                           ? "application/fhir+json"
                                           : representation.format.media_type());
  net::StreamBody body;
  body.producer = [request, &service](net::StreamWriter& writer, std::stop_token stop) {
    return produce(*request, service, writer, std::move(stop));
  };
  body.on_early_error = [request, &service](const base::Error& error) {
    return outcome_response(
        logged_problem(service, request->id, "run failed", error, request->subject.expression));
  };
  response.body = std::move(body);
  return response;
}

}  // namespace kiln::api
