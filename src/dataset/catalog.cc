#include "dataset/catalog.h"

#include <map>
#include <optional>

#include "base/mutex.h"
#include "base/thread.h"
#include "dataset/file_source.h"

namespace kiln::dataset {
namespace {

/// Of the process's descriptors, for the data at large.
constexpr size_t kShareOfDescriptors = 4;

using FileSourcePtr = std::shared_ptr<const FileSource>;

}  // namespace

struct Catalog::Shared {
  /// One look at all files, by a thread that may never come back.
  struct Look {
    std::string path = "the folders";  ///< what is being looked at
    uint64_t steps = 0;
    std::optional<base::Result<SnapshotPtr>> result;
    bool abandoned = false;
  };

  base::Result<SnapshotPtr> take(Look& look);
  base::Result<SourcePtr> open(const Input& input);
  void run(Look& look);
  void end(Look& look, base::Result<SnapshotPtr> result);
  base::Error stuck(const std::string& path) const;

  const std::vector<std::string> arguments;
  bool (*const is_type)(std::string_view name);
  const CatalogOptions options;
  const std::shared_ptr<DescriptorCache> descriptors;

  base::Mutex mutex;  ///< of the looks, too; not held while a file is touched
  base::Condition changed;
  std::map<std::string, std::weak_ptr<const FileSource>> known KILN_GUARDED_BY(mutex);
  size_t abandoned KILN_GUARDED_BY(mutex) = 0;
  std::string stuck_at KILN_GUARDED_BY(mutex);
};

base::Error Catalog::Shared::stuck(const std::string& path) const {
  return base::Error(base::ErrorCode::kUnavailable, "the data do not answer: " + path);
}

/// The file as it is now; the one that is known if it has not changed.
base::Result<SourcePtr> Catalog::Shared::open(const Input& input) {
  FileSourcePtr shared;
  {
    base::MutexLock lock(mutex);
    if (const auto found = known.find(input.path); found != known.end()) {
      shared = found->second.lock();
    }
  }
  if (shared) {
    KILN_ASSIGN(FileState now, state_of_path(input.path));
    const OpenFile& file = shared->file();
    now.fingerprint = file.state().fingerprint;
    const bool as_before = now == file.state() && input == file.input();
    if (as_before) return SourcePtr(std::move(shared));
  }
  KILN_ASSIGN(FileSourcePtr file, FileSource::open(input, {descriptors, SpecialFiles::kRefused}));
  base::MutexLock lock(mutex);
  known[input.path] = file;
  return SourcePtr(std::move(file));
}

base::Result<SnapshotPtr> Catalog::Shared::take(Look& look) {
  const auto looking_at = [&](const std::string& path) {
    base::MutexLock lock(mutex);
    look.path = path;
    ++look.steps;
  };
  KILN_ASSIGN(Inputs inputs, find_inputs(arguments, is_type, looking_at));
  auto snapshot = std::make_shared<Snapshot>();
  for (const Input& input : inputs.files) {
    looking_at(input.path);
    if (options.before_open) options.before_open(input.path);
    KILN_ASSIGN(SourcePtr source, open(input));
    snapshot->sources.push_back(std::move(source));
  }
  snapshot->passed_over = std::move(inputs.passed_over);
  return SnapshotPtr(std::move(snapshot));
}

void Catalog::Shared::run(Look& look) { end(look, take(look)); }

void Catalog::Shared::end(Look& look, base::Result<SnapshotPtr> result) {
  base::MutexLock lock(mutex);
  look.result.emplace(std::move(result));
  if (look.abandoned) --abandoned;
  changed.notify_all();
}

base::Result<std::unique_ptr<Catalog>> Catalog::open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name),
                                                     CatalogOptions options) {
  auto descriptors =
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(kShareOfDescriptors));
  std::shared_ptr<Shared> shared(new Shared{std::move(arguments),
                                            is_type,
                                            std::move(options),
                                            std::move(descriptors),
                                            {},
                                            {},
                                            {},
                                            {},
                                            {}});
  auto catalog = std::unique_ptr<Catalog>(new Catalog(std::move(shared)));
  KILN_TRY(catalog->snapshot());
  return catalog;
}

base::Result<SnapshotPtr> Catalog::snapshot() {
  Shared& shared = *shared_;
  {
    base::MutexLock lock(shared.mutex);
    if (shared.abandoned != 0) return shared.stuck(shared.stuck_at);
  }
  const auto look = std::make_shared<Shared::Look>();
  KILN_ASSIGN(base::Thread thread,
              base::start_thread([owner = shared_, look] { owner->run(*look); },
                                 [owner = shared_, look](base::Error error) {
                                   owner->end(*look, std::move(error));
                                 }));
  thread.abandon();
  base::MutexLock lock(shared.mutex);
  while (!look->result) {
    const uint64_t before = look->steps;
    const bool in_time = shared.changed.wait_for(shared.mutex, shared.options.patience);
    if (in_time || look->result || look->steps != before) continue;
    look->abandoned = true;
    ++shared.abandoned;
    shared.stuck_at = look->path;
    return shared.stuck(look->path);
  }
  return std::move(*look->result);
}

base::Result<SnapshotPtr> snapshot_of_paths(const std::vector<std::string>& arguments,
                                            bool (*is_type)(std::string_view name), size_t share) {
  KILN_ASSIGN(Inputs inputs, find_inputs(arguments, is_type));
  const auto descriptors =
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(share));
  KILN_ASSIGN(Snapshot snapshot, open_files(inputs.files, {descriptors}));
  snapshot.passed_over = std::move(inputs.passed_over);
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

}  // namespace kiln::dataset
