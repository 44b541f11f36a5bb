#include "app/destination.h"

#include <unistd.h>

#include "app/file_output.h"
#include "app/terminal_table.h"
#include "output/writers.h"

namespace kiln::app {
namespace {

base::Error wrong_output(std::string text) {
  return base::Error(base::ErrorCode::kUsage, std::move(text));
}

/// The format that a name's ending tells; NDJSON if it has none.
base::Result<table::Format> format_of_ending(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  const size_t dot = file.rfind('.');
  if (dot == std::string::npos || dot == 0) return table::Format::kNdjson;
  if (const auto format = table::format_of_file(name)) return *format;
  return wrong_output(
      "the ending of the output is none of .csv, .ndjson, .json, .parquet (-f names the "
      "format whatever the ending): " +
      name);
}

base::Result<std::unique_ptr<engine::Output>> open_output(const Destination& to,
                                                          const table::Schema& schema,
                                                          const output::Layout& layout,
                                                          output::Writers& writers,
                                                          const std::stop_token& stop) {
  KILN_ASSIGN(auto file, open_file(to.target, stop));
  if (!to.format) return make_terminal_table(schema, std::move(file), terminal_width());
  KILN_ASSIGN(auto output, writers.open(layout, schema, output::one_file(std::move(file))));
  return std::unique_ptr<engine::Output>(std::move(output));
}

base::Status write_texts(engine::Output& output, const table::Schema& schema,
                         const std::vector<std::vector<std::string>>& lines) {
  table::Batch batch(schema, output.values());
  for (size_t row = 1; row < lines.size(); ++row) {
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      const std::string& text = lines[row][i];
      const table::Cell cell =
          text.empty()
              ? table::Cell()
              : table::Cell::of(table::Text{text.data(), static_cast<uint32_t>(text.size())});
      batch.append_cells(i, 1, &cell);
    }
    batch.finish_row();
  }
  KILN_ASSIGN(auto piece, output.encode(batch));
  KILN_TRY(output.write(std::move(piece), lines.size()));
  return output.finish();
}

}  // namespace

base::Result<Destination> choose_destination(const OutputOptions& options) {
  const std::string& name = options.output;
  if (name.ends_with(".gz") || name.ends_with(".zst")) {
    return wrong_output("the output is not compressed, but its name says so: " + name);
  }
  Destination to;
  KILN_ASSIGN(to.target, find_target(name));
  if (!options.format.empty()) {
    to.format = table::format_of(options.format);
  } else if (!name.empty() && name != "-") {
    KILN_ASSIGN(to.format, format_of_ending(name));
  } else if (isatty(STDOUT_FILENO) == 0) {
    to.format = table::Format::kNdjson;
  }
  if (to.format && output::traits_of(*to.format).needs_file &&
      to.target.kind != OutputTarget::Kind::kFile) {
    return wrong_output("Parquet needs a regular file (-o), which this is not: " + to.target.name);
  }
  return to;
}

void lay_out(const Destination& to, const OutputOptions& options, plan::Draft& draft,
             plan::Problems& problems) {
  draft.layout.text = {!options.no_header, options.csv_guard};
  if (!to.format) return;
  draft.layout.format = *to.format;
  plan::check_format(*to.format, draft.subjects, problems);
}

int run_to(const Destination& to, plan::Draft draft, const std::vector<std::string>& sources,
           const DataOptions& options, const SignalStop& signals) {
  const auto data = open_data(options);
  if (!data.ok()) return report(data.error(), signals);
  if (to.target.existing) {
    const base::Status writable = source_files(sources, **data).check(to.target);
    if (!writable.ok()) return report(writable.error(), signals);
  }
  const auto memory_limit = memory_limit_of(options.memory_limit);
  if (!memory_limit.ok()) return report(memory_limit.error(), signals);
  base::MemoryBudget memory(*memory_limit);
  plan::Problems problems;
  const auto plan = make_plan(std::move(draft), *data, options, memory, signals, problems);
  if (!plan) return report(problems, signals);
  output::Writers writers(threads_of(options), "", &memory);
  auto output = open_output(to, plan->subjects[0].schema(), plan->layout, writers, signals.token());
  if (!output.ok()) return report(output.error(), signals);
  const auto summary = run_plan(*plan, {output->get()}, options, memory, signals);
  return summary.ok() ? 0 : report(summary.error(), signals);
}

int write_lines(const Destination& to, const OutputOptions& options,
                const std::vector<std::vector<std::string>>& lines,
                const std::vector<std::string>& sources, const SignalStop& signals) {
  SourceFiles files;
  for (const std::string& source : sources) files.add(source);
  const base::Status writable = files.check(to.target);
  if (!writable.ok()) return report(writable.error(), signals);
  table::Schema schema;
  for (const std::string& name : lines[0]) schema.columns.push_back({name, {}, "", ""});
  output::Layout layout;
  layout.text = {!options.no_header, options.csv_guard};
  if (to.format) layout.format = *to.format;
  output::Writers writers(1, "", nullptr);
  auto output = open_output(to, schema, layout, writers, signals.token());
  if (!output.ok()) return report(output.error(), signals);
  const base::Status written = write_texts(**output, schema, lines);
  return written.ok() ? 0 : report(written.error(), signals);
}

}  // namespace kiln::app
