#include "app/serve/configured_sink.h"

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "sink/filesystem/filesystem_sink.h"
#include "sink/memory/memory_sink.h"
#include "sink/s3/s3_sink.h"

namespace kiln::app {
namespace {

constexpr std::string_view kFile = "file:";
constexpr const char* kMemory = "memory:";

/// A sink that can be opened.
struct Choice {
  /// Where it keeps its files: two of one identity see the same ones.
  std::string identity;
  std::function<base::Result<std::unique_ptr<sink::ExportSink>>(const std::string& instance)> open;
};

Choice choose_folder(std::string path, const StateDirectory& state) {
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.empty()) path = state.exports_path();
  return {
      "file:" + std::filesystem::weakly_canonical(path).string(),
      [path](const std::string& instance) { return sink::open_filesystem_sink(path, instance); }};
}

Choice choose_s3(const sink::S3Options& s3, base::Clock& clock, base::RandomSource& random) {
  return {"s3://" + s3.bucket + "/" + s3.prefix + (s3.endpoint.empty() ? "" : " at " + s3.endpoint),
          [s3, &clock, &random](const std::string& instance) {
            return sink::open_s3_sink(s3, instance, clock, random);
          }};
}

base::Result<Choice> choose(const ServeOptions& options, const StateDirectory& state,
                            base::Clock& clock, base::RandomSource& random) {
  if (options.export_sink == kMemory) {
    return Choice{
        kMemory, [bound = options.memory_limit](const std::string&) {
          return base::Result<std::unique_ptr<sink::ExportSink>>(sink::make_memory_sink(bound));
        }};
  }
  if (options.export_sink.starts_with(kFile)) {
    return choose_folder(options.export_sink.substr(kFile.size()), state);
  }
  auto s3 = s3_options_of(options, [](const char* name) { return std::getenv(name); });
  if (!s3.ok()) return std::move(s3).error().in("--export-sink");
  return choose_s3(*s3, clock, random);
}

base::Status check_identity(job::JobStore& store, sink::ExportSink& sink,
                            const std::string& identity, base::WallTime now) {
  KILN_ASSIGN(const std::string known, store.constant("sink", identity));
  if (known == identity) return {};
  if (known == kMemory) {
    KILN_TRY(store.expire_completed(now));
    return store.replace_constant("sink", identity);
  }
  KILN_ASSIGN(const bool has_output, store.has_output());
  if (!has_output) return store.replace_constant("sink", identity);
  KILN_ASSIGN(const auto jobs, sink.list_jobs({}));
  if (!jobs.empty()) return store.replace_constant("sink", identity);  // it was moved there
  return base::Error(base::ErrorCode::kConflict,
                     "the state directory has jobs whose output is in " + known +
                         ": keep that sink until they have expired, or take another --state-dir "
                         "for " +
                         identity);
}

}  // namespace

base::Result<std::unique_ptr<sink::ExportSink>> open_configured_sink(const ServeOptions& options,
                                                                     const StateDirectory& state,
                                                                     job::JobStore& store,
                                                                     base::Clock& clock,
                                                                     base::RandomSource& random) {
  KILN_ASSIGN(const Choice choice, choose(options, state, clock, random));
  KILN_ASSIGN(const std::string instance, store.constant("instance", base::random_hex(random, 8)));
  KILN_ASSIGN(auto sink, choice.open(instance));
  KILN_TRY(check_identity(store, *sink, choice.identity, clock.now()));
  return sink;
}

}  // namespace kiln::app
