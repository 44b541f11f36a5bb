#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "app/terminal_table.h"
#include "sql/parquet_output.h"

namespace kiln::app {
namespace {

struct RunOptions {
  std::string view;
  DataOptions data;
  OutputOptions output;
};

/// A Parquet file under a temporary name until it is complete.
class PendingParquet final : public engine::Output {
 public:
  PendingParquet(std::unique_ptr<PendingFile> pending, std::unique_ptr<engine::Output> output)
      : pending_(std::move(pending)), output_(std::move(output)) {}

  base::Result<std::unique_ptr<engine::Piece>> encode(const table::Batch& batch) override {
    return output_->encode(batch);
  }
  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    return output_->write(std::move(piece), limit);
  }
  base::Status finish() override {
    KILN_TRY(output_->finish());
    return pending_->publish();
  }

 private:
  std::unique_ptr<PendingFile> pending_;
  std::unique_ptr<engine::Output> output_;
};

/// No format: a table for a person at a terminal.
base::Result<std::optional<table::Format>> choose_format(const OutputOptions& options) {
  const std::string& name = options.output;
  if (name.ends_with(".gz") || name.ends_with(".zst")) {
    return base::Error(base::ErrorCode::kUsage,
                       "the output is not compressed, but its name says so: " + name);
  }
  if (!options.format.empty()) return table::format_of(options.format);
  const bool to_stdout = options.output.empty() || options.output == "-";
  if (to_stdout) {
    if (isatty(STDOUT_FILENO) != 0) return std::optional<table::Format>();
    return std::optional(table::Format::kNdjson);
  }
  const auto format = table::format_of_file(options.output);
  return format ? format : std::optional(table::Format::kNdjson);
}

base::Result<std::unique_ptr<engine::Output>> open_output(const RunOptions& options,
                                                          const table::Schema& schema) {
  const OutputOptions& output = options.output;
  const bool to_stdout = output.output.empty() || output.output == "-";
  KILN_ASSIGN(const auto format, choose_format(output));
  if (!format) return make_terminal_table(schema, open_stdout_sink(), terminal_width());
  KILN_TRY(table::check_format(*format, schema));
  if (*format == table::Format::kParquet) {
    if (to_stdout) {
      return base::Error(base::ErrorCode::kUsage, "Parquet needs a file: give it with -o");
    }
    auto pending = std::make_unique<PendingFile>(output.output);
    KILN_ASSIGN(const uint64_t memory, memory_limit_of(options.data.memory_limit));
    KILN_ASSIGN(auto parquet,
                sql::make_parquet_output(pending->temporary_path(), schema, memory / 2));
    return std::unique_ptr<engine::Output>(
        new PendingParquet(std::move(pending), std::move(parquet)));
  }
  std::unique_ptr<engine::ByteSink> sink;
  if (to_stdout) {
    sink = open_stdout_sink();
  } else {
    KILN_ASSIGN(sink, open_file_sink(output.output));
  }
  const table::EncodeOptions encode{!output.no_header, output.csv_guard};
  return engine::make_text_output(*format, schema, encode, std::move(sink),
                                  options.data.limit != UINT64_MAX);
}

int run(const RunOptions& options) {
  const SignalStop signals;
  const auto views = load_views({options.view}, options.data);
  if (views.empty()) return requested_version(options.data.fhir_version).ok() ? 1 : 2;
  const auto snapshot = open_data(options.data);
  if (!snapshot.ok()) return report(snapshot.error(), signals);
  auto output = open_output(options, views[0]->schema());
  if (!output.ok()) return report(output.error(), signals);
  const auto summary =
      run_subjects(*snapshot, {{views[0].get(), output->get()}}, options.data, signals);
  return summary.ok() ? 0 : report(summary.error(), signals);
}

}  // namespace

void add_run_command(CLI::App& app, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* const command =
      app.add_subcommand("run", "Evaluate one ViewDefinition and write its rows");
  command->add_option("VIEW", options->view, "ViewDefinition (a JSON file, or - for stdin)")
      ->required();
  add_data_options(*command, options->data);
  add_output_options(*command, options->output, false);
  command->footer(
      "Examples:\n"
      "  kiln run patients.json -d data/                     a table on the terminal\n"
      "  kiln run patients.json -d data/ -o patients.parquet\n"
      "  zcat Patient.ndjson.gz | kiln run patients.json -d - -f csv | head");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
