#include "dataset/catalog.h"

#include <map>

#include "base/mutex.h"
#include "dataset/file_source.h"

namespace kiln::dataset {
namespace {

/// Of the process's descriptors, for the data at large.
constexpr size_t kShareOfDescriptors = 4;

using FileSourcePtr = std::shared_ptr<const FileSource>;

/// Where a look at them begins.
std::string first_of(const std::vector<std::string>& arguments) {
  return arguments.empty() ? std::string() : arguments.front();
}

std::function<void(const std::string& path)> told_to(base::Patience::Look& look) {
  return [&look](const std::string& path) { look.at(path); };
}

}  // namespace

struct Catalog::Shared {
  Shared(std::vector<std::string> named, bool (*is_name)(std::string_view),
         base::PatienceOptions patience)
      : arguments(std::move(named)),
        is_type(is_name),
        descriptors(std::make_shared<DescriptorCache>(
            DescriptorCache::sensible_capacity(kShareOfDescriptors), std::move(patience))) {}

  base::Result<SnapshotPtr> take(base::Patience::Look& look);
  base::Result<SourcePtr> open(const Input& input);

  const std::vector<std::string> arguments;
  bool (*const is_type)(std::string_view name);
  const std::shared_ptr<DescriptorCache> descriptors;

  base::Mutex mutex;  ///< not held while a file is touched
  std::map<std::string, std::weak_ptr<const FileSource>> known KILN_GUARDED_BY(mutex);
};

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
  KILN_ASSIGN(FileSourcePtr file,
              FileSource::open(input, {descriptors, base::SpecialFiles::kRefused}));
  base::MutexLock lock(mutex);
  known[input.path] = file;
  return SourcePtr(std::move(file));
}

base::Result<SnapshotPtr> Catalog::Shared::take(base::Patience::Look& look) {
  KILN_ASSIGN(Inputs inputs, find_inputs(arguments, is_type, told_to(look)));
  auto snapshot = std::make_shared<Snapshot>();
  for (const Input& input : inputs.files) {
    look.at(input.path);
    KILN_ASSIGN(SourcePtr source, open(input));
    snapshot->sources.push_back(std::move(source));
  }
  snapshot->passed_over = std::move(inputs.passed_over);
  return SnapshotPtr(std::move(snapshot));
}

base::Result<std::unique_ptr<Catalog>> Catalog::open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name),
                                                     base::PatienceOptions patience) {
  auto catalog = std::unique_ptr<Catalog>(
      new Catalog(std::make_shared<Shared>(std::move(arguments), is_type, std::move(patience))));
  KILN_TRY(catalog->snapshot());
  return catalog;
}

base::Result<SnapshotPtr> Catalog::snapshot() {
  return shared_->descriptors->patience().run<SnapshotPtr>(
      first_of(shared_->arguments),
      [owner = shared_](base::Patience::Look& look) { return owner->take(look); });
}

base::Result<Inputs> find_inputs_in_time(const std::vector<std::string>& arguments,
                                         bool (*is_type)(std::string_view name),
                                         base::Patience& patience) {
  return patience.run<Inputs>(first_of(arguments),
                              [arguments, is_type](base::Patience::Look& look) {
                                return find_inputs(arguments, is_type, told_to(look));
                              });
}

base::Result<SnapshotPtr> snapshot_of_paths(const std::vector<std::string>& arguments,
                                            bool (*is_type)(std::string_view name), size_t share) {
  const auto descriptors =
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(share));
  const auto look = [arguments, is_type,
                     descriptors](base::Patience::Look& at) -> base::Result<SnapshotPtr> {
    KILN_ASSIGN(Inputs inputs, find_inputs(arguments, is_type, told_to(at)));
    KILN_ASSIGN(Snapshot snapshot, open_files(inputs.files, {descriptors}, told_to(at)));
    snapshot.passed_over = std::move(inputs.passed_over);
    return std::make_shared<const Snapshot>(std::move(snapshot));
  };
  return descriptors->patience().run<SnapshotPtr>(first_of(arguments), look);
}

}  // namespace kiln::dataset
