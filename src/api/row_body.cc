#include "api/row_body.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "api/binary_sink.h"
#include "api/fhir_rows.h"
#include "engine/pipeline.h"
#include "sql/parquet_output.h"

namespace kiln::api {
namespace {

class ClientSink final : public engine::ByteSink {
 public:
  explicit ClientSink(net::StreamWriter& writer) : writer_(writer) {}
  base::Status write(std::string_view bytes) override { return writer_.write(bytes); }
  base::Status finish() override { return {}; }

 private:
  net::StreamWriter& writer_;
};

/// A file that goes when its owner does.
class ScratchFile {
 public:
  explicit ScratchFile(std::string path) : path_(std::move(path)) {}
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

base::Status send_file(const std::string& path, net::StreamWriter& writer) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return base::io_error("cannot read the Parquet file", errno);
  std::vector<char> buffer(256 * 1024);
  base::Status status;
  while (status.ok()) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got > 0) {
      status = writer.write({buffer.data(), static_cast<size_t>(got)});
    } else if (errno != EINTR) {
      status = base::io_error("cannot read the Parquet file", errno);
    }
  }
  ::close(descriptor);
  return status;
}

base::Status evaluate(const RowRequest& request, engine::Output& output, const Service& service,
                      std::stop_token stop) {
  engine::Options options = engine_options(service.options, service.clock.now());
  options.limit = request.limit;
  options.filter = request.filter;
  const auto summary = engine::run(*request.data, {{request.subject.view.get(), &output}}, options,
                                   std::move(stop), nullptr);
  return summary.ok() ? base::Status() : base::Status(summary.error().clone());
}

base::Status produce_parquet(const RowRequest& request, const Service& service,
                             net::StreamWriter& writer, std::stop_token stop) {
  base::SystemRandom random;
  const ScratchFile file(service.options.scratch_dir + "/run-" + base::random_hex(random, 16) +
                         ".parquet");
  KILN_ASSIGN(const auto output,
              sql::make_parquet_output(file.path(), request.subject.view->schema()));
  KILN_TRY(evaluate(request, *output, service, std::move(stop)));
  return send_file(file.path(), writer);
}

base::Status produce(const RowRequest& request, const Service& service, net::StreamWriter& writer,
                     std::stop_token stop) {
  const RowFormat& format = request.representation.format;
  const table::Schema& schema = request.subject.view->schema();
  if (format.flat == table::Format::kParquet) {
    return produce_parquet(request, service, writer, std::move(stop));
  }
  std::unique_ptr<engine::ByteSink> sink = std::make_unique<ClientSink>(writer);
  if (request.representation.as_binary) {
    sink = make_binary_sink(std::move(sink), format.media_type());
  }
  auto encoder = format.flat ? table::make_encoder(*format.flat, schema, {request.header, false})
                             : make_fhir_encoder(schema);
  const auto output = engine::make_text_output(std::move(encoder), std::move(sink),
                                               request.limit != UINT64_MAX);
  return evaluate(request, *output, service, std::move(stop));
}

}  // namespace

engine::Options engine_options(const ServiceOptions& options, base::WallTime now) {
  engine::Options result;
  result.threads = options.threads;
  result.reader.max_line_size = options.max_line_size;
  result.now = now;
  return result;
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
    Problem problem = problem_of(error, request->subject.expression);
    if (problem.status == 500) service.log.error("run failed", {{"error", error.to_string()}});
    if (problem.status == 422) problem.code = "processing";
    return outcome_response(problem);
  };
  response.body = std::move(body);
  return response;
}

}  // namespace kiln::api
