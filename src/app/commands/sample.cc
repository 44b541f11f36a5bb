#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/progress_bar.h"
#include "app/sample_folder.h"
#include "base/number.h"
#include "sample/data_set.h"

namespace kiln::app {
namespace {

struct SampleOptions {
  sample::DataSetOptions data;
  std::string folder;
  bool force = false;
  std::string progress = "auto";
};

bool wants_progress(const std::string& progress) {
  return progress == "always" || (progress == "auto" && isatty(STDERR_FILENO) != 0);
}

std::string not_empty(const std::string& text) {
  return text.empty() ? "needs the name of a folder" : "";
}

/// The parser itself takes -1 for the largest number, and one that is too large as well.
std::string seed_number(const std::string& text) {
  return base::whole_number<uint64_t>(text) ? "" : "not a whole number below 2^64: " + text;
}

std::string counted(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

base::Status write(const SampleOptions& options, std::stop_token stop, base::Progress& progress) {
  SampleFolder folder(options.folder);
  KILN_TRY(folder.make(options.force));
  KILN_TRY(sample::write_data_set(options.data, std::move(stop), folder, progress));
  return folder.publish();
}

int run(const SampleOptions& options) {
  const SignalStop signals;
  base::Progress progress;
  const base::Status status = [&] {
    std::optional<ProgressBar> bar;
    if (wants_progress(options.progress)) {
      progress.bytes_total = sample::expected_bytes(options.data.patients);
      bar.emplace(progress);
    }
    return write(options, signals.token(), progress);
  }();
  if (!status.ok()) return report(status.error(), signals);
  const std::filesystem::path folder(options.folder);
  print_note(counted(options.data.patients, "patient") + ", " +
             counted(progress.rows.load(), "resource") + ", " +
             format_bytes(static_cast<double>(progress.bytes.load())) + " in " + folder.string());
  print_note("try: kiln run " + (folder / "views/patients.json").string() + " -d " +
             (folder / "data").string());
  return 0;
}

}  // namespace

void add_sample_command(CLI::App& app, int& status) {
  auto options = std::make_shared<SampleOptions>();
  CLI::App* const command = app.add_subcommand(
      "sample", "Write a synthetic R4 data set with a few views and queries to try");
  command
      ->add_option("DIR", options->folder,
                   "Folder for data/, views/ and queries/; made if missing, else empty")
      ->required()
      ->check(not_empty);
  command->add_option("--patients", options->data.patients, "Number of patients")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--seed", options->data.seed, "The same seed gives the same bytes")
      ->type_name("S")
      ->check(seed_number)
      ->capture_default_str();
  command->add_flag("--force", options->force, "Write into a folder that is not empty");
  command->add_option("--progress", options->progress, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command->footer(
      "No person in it exists. A patient is the same however many others there are.\n\n"
      "Example:\n"
      "  kiln sample demo --patients 1000\n"
      "  kiln run demo/views/blood-pressure.json -d demo/data");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
