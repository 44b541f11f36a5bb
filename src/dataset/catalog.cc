#include "dataset/catalog.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>

#include <sys/mman.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "json/document.h"
#include "json/text.h"
#include "json/writer.h"

namespace kiln::dataset {
namespace {

/// Parts of the process's descriptors: of the data at large, and of a job after a restart.
constexpr size_t kShareOfDescriptors = 4;
constexpr size_t kShareOfReopened = 16;

/// All 64 bits of it.
uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

uint64_t unsigned_of(json::Value value) {
  return static_cast<uint64_t>(value.integer().value_or(0));
}

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
  base::Result<OpenFilePtr> open(const Input& input);
  void run(Look& look);
  void end(Look& look, base::Result<SnapshotPtr> result);
  base::Error stuck(const std::string& path) const;

  const std::vector<std::string> arguments;
  bool (*const is_type)(std::string_view name);
  const CatalogOptions options;
  const std::shared_ptr<DescriptorCache> descriptors;

  base::Mutex mutex;  ///< of the looks, too; not held while a file is touched
  base::Condition changed;
  std::map<std::string, std::weak_ptr<const OpenFile>> known KILN_GUARDED_BY(mutex);
  size_t abandoned KILN_GUARDED_BY(mutex) = 0;
  std::string stuck_at KILN_GUARDED_BY(mutex);
};

base::Error Catalog::Shared::stuck(const std::string& path) const {
  return base::Error(base::ErrorCode::kUnavailable, "the data do not answer: " + path);
}

/// The file as it is now; the one that is known if it has not changed.
base::Result<OpenFilePtr> Catalog::Shared::open(const Input& input) {
  OpenFilePtr shared;
  {
    base::MutexLock lock(mutex);
    if (const auto found = known.find(input.path); found != known.end()) {
      shared = found->second.lock();
    }
  }
  if (shared) {
    KILN_ASSIGN(FileState now, state_of_path(input.path));
    now.fingerprint = shared->state().fingerprint;
    const bool as_before = now == shared->state() && input == shared->input();
    if (as_before) return shared;
  }
  KILN_ASSIGN(OpenFilePtr file, OpenFile::open(input, {descriptors, SpecialFiles::kRefused}));
  base::MutexLock lock(mutex);
  known[input.path] = file;
  return file;
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
    KILN_ASSIGN(OpenFilePtr file, open(input));
    snapshot->files.push_back(std::move(file));
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

SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types) {
  auto narrow = std::make_shared<Snapshot>();
  for (const OpenFilePtr& file : snapshot.files) {
    const bool wanted = std::any_of(types.begin(), types.end(), [&](const std::string& type) {
      return file->input().may_hold(type);
    });
    if (wanted) narrow->files.push_back(file);
  }
  return narrow;
}

namespace {

/// JSON holds text, which a path need not be.
void write_path(json::Writer& writer, const std::string& path) {
  if (json::is_utf8(path)) {
    writer.member("path", path);
  } else {
    writer.member("path_base64", base::base64_encode(path));
  }
}

std::string path_of(json::Value item) {
  const json::Value encoded = item["path_base64"];
  if (encoded.missing()) return std::string(item["path"].text());
  return base::base64_decode(encoded.text()).value_or("");
}

}  // namespace

std::string describe_snapshot(const Snapshot& snapshot) {
  json::Writer writer;
  writer.begin_array();
  for (const OpenFilePtr& file : snapshot.files) {
    const Input& input = file->input();
    const FileState& state = file->state();
    writer.begin_object();
    write_path(writer, input.path);
    writer.key("json").boolean(input.kind == FileKind::kJson);
    writer.key("found").boolean(input.found).member("type", input.type);
    writer.key("device").number(state.device).key("inode").number(state.inode);
    writer.key("size").number(state.size).key("modified").number(state.modified_ns);
    writer.key("fingerprint").number(state.fingerprint);
    writer.end_object();
  }
  writer.end_array();
  return std::move(writer).take();
}

base::Result<SnapshotPtr> reopen_snapshot(const std::string& description) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(description, "snapshot description"));
  const OpenOptions options{
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(kShareOfReopened)),
      SpecialFiles::kRefused};
  auto snapshot = std::make_shared<Snapshot>();
  for (const json::Value item : document->root().items()) {
    const Input input{path_of(item), item["json"].boolean() ? FileKind::kJson : FileKind::kNdjson,
                      std::string(item["type"].text()), item["found"].boolean()};
    const FileState state{unsigned_of(item["device"]), unsigned_of(item["inode"]),
                          unsigned_of(item["size"]), item["modified"].integer().value_or(0),
                          number_of(item["fingerprint"].text())};
    KILN_ASSIGN(OpenFilePtr file, OpenFile::open_as_it_was(input, state, options));
    snapshot->files.push_back(std::move(file));
  }
  return SnapshotPtr(std::move(snapshot));
}

base::Result<SnapshotPtr> snapshot_of_paths(const std::vector<std::string>& arguments,
                                            bool (*is_type)(std::string_view name), size_t share) {
  KILN_ASSIGN(Inputs inputs, find_inputs(arguments, is_type));
  const auto descriptors =
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(share));
  KILN_ASSIGN(Snapshot snapshot, Snapshot::open(inputs.files, {descriptors}));
  snapshot.passed_over = std::move(inputs.passed_over);
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

base::Result<SnapshotPtr> snapshot_of_lines(std::string_view lines) {
  const int descriptor = memfd_create("kiln-resources", MFD_CLOEXEC);
  if (descriptor < 0) return base::io_error("cannot hold resources in memory", errno);
  base::Status written;
  while (!lines.empty() && written.ok()) {
    const ssize_t count = write(descriptor, lines.data(), lines.size());
    if (count >= 0) {
      lines.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      written = base::io_error("cannot hold resources in memory", errno);
    }
  }
  if (!written.ok()) {
    close(descriptor);
    return std::move(written).error();
  }
  auto snapshot = std::make_shared<Snapshot>();
  KILN_ASSIGN(OpenFilePtr file, OpenFile::adopt({"<request>"}, descriptor));
  snapshot->files.push_back(std::move(file));
  return SnapshotPtr(std::move(snapshot));
}

}  // namespace kiln::dataset
