#include "app/serve/configured_sink.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "sink/filesystem/filesystem_sink.h"
#include "sink/memory/memory_sink.h"
#include "sink/s3/s3_sink.h"

namespace kiln::app {
namespace {

constexpr std::string_view kFile = "file:";
constexpr const char* kMemory = "memory:";

/// A sink, and where it keeps its files: two of one identity see the same ones.
struct Opened {
  std::unique_ptr<sink::ExportSink> sink;
  std::string identity;
};

base::Result<Opened> open_folder(std::string path, const StateDirectory& state,
                                 const std::string& instance) {
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.empty()) path = state.exports_path();
  KILN_ASSIGN(auto sink, sink::open_filesystem_sink(path, instance));
  // It is there now, so there is one name for it whatever links lead to it.
  std::error_code code;
  const auto real = std::filesystem::canonical(path, code);
  if (code) return base::io_error("cannot use the folder " + path, code.value());
  return Opened{std::move(sink), "file:" + real.string()};
}

base::Result<Opened> open_s3(const ServeOptions& options, const std::string& instance,
                             base::Clock& clock, base::RandomSource& random) {
  auto s3 = s3_options_of(options, [](const char* name) { return std::getenv(name); });
  if (!s3.ok()) return std::move(s3).error().in("--export-sink");
  KILN_ASSIGN(auto sink, sink::open_s3_sink(*s3, instance, clock, random));
  return Opened{std::move(sink),
                "s3://" + s3->bucket + "/" + s3->prefix + " at " + sink::address_of(*s3).origin};
}

base::Result<Opened> open_any(const ServeOptions& options, const StateDirectory& state,
                              const std::string& instance, base::Clock& clock,
                              base::RandomSource& random) {
  if (options.export_sink == kMemory) {
    return Opened{sink::make_memory_sink(options.export_memory_limit), kMemory};
  }
  if (options.export_sink.starts_with(kFile)) {
    return open_folder(options.export_sink.substr(kFile.size()), state, instance);
  }
  return open_s3(options, instance, clock, random);
}

/// Whether the output has been moved here: every completed job has a folder in the sink.
base::Result<bool> has_all_output(job::JobStore& store, sink::ExportSink& sink,
                                  const std::stop_token& stop) {
  KILN_ASSIGN(const auto completed, store.in_state(job::JobState::kCompleted));
  KILN_ASSIGN(const auto stored, sink.list_jobs(stop));
  if (completed.empty()) return !stored.empty();
  return std::all_of(completed.begin(), completed.end(), [&](const auto& job) {
    return std::binary_search(stored.begin(), stored.end(), job.first.text);
  });
}

base::Status check_identity(const Opened& opened, job::JobStore& store, base::WallTime now,
                            const std::stop_token& stop) {
  KILN_ASSIGN(const std::string known, store.constant("sink", opened.identity));
  if (known == opened.identity) return {};
  if (known == kMemory) {
    KILN_TRY(store.expire_finished(now));
    return store.note({{"sink", opened.identity}});
  }
  KILN_ASSIGN(const bool has_output, store.has_output());
  bool is_here = !has_output;
  if (!is_here) {
    KILN_ASSIGN(is_here, has_all_output(store, *opened.sink, stop));
  }
  if (is_here) return store.note({{"sink", opened.identity}});
  return base::Error(base::ErrorCode::kConflict,
                     "the state directory has jobs whose output is in " + known +
                         ": keep that sink until they have expired, move all that is in it, or "
                         "take another --state-dir for " +
                         opened.identity);
}

}  // namespace

base::Result<std::unique_ptr<sink::ExportSink>> open_configured_sink(
    const ServeOptions& options, const StateDirectory& state, job::JobStore& store,
    base::Clock& clock, base::RandomSource& random, const std::stop_token& stop) {
  KILN_ASSIGN(const std::string instance, store.constant("instance", base::random_hex(random, 8)));
  KILN_ASSIGN(Opened opened, open_any(options, state, instance, clock, random));
  KILN_TRY(check_identity(opened, store, clock.now(), stop));
  return std::move(opened.sink);
}

}  // namespace kiln::app
