#include "dataset/snapshot.h"

#include <algorithm>

#include "dataset/file_source.h"
#include "json/document.h"
#include "json/writer.h"

namespace kiln::dataset {
namespace {

/// Of the process's descriptors, for a job after a restart.
constexpr size_t kShareOfReopened = 16;

}  // namespace

SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types) {
  auto narrow = std::make_shared<Snapshot>();
  for (const SourcePtr& source : snapshot.sources) {
    const bool wanted = std::any_of(types.begin(), types.end(), [&](const std::string& type) {
      return source->may_hold(type);
    });
    if (wanted) narrow->sources.push_back(source);
  }
  return narrow;
}

base::Result<std::string> describe_snapshot(const Snapshot& snapshot) {
  json::Writer writer;
  writer.begin_array();
  for (const SourcePtr& source : snapshot.sources) KILN_TRY(source->describe(writer));
  writer.end_array();
  return std::move(writer).take();
}

namespace {

base::Result<SnapshotPtr> reopen_sources(const json::DocumentPtr& document,
                                         std::shared_ptr<DescriptorCache> descriptors,
                                         base::Patience::Look& look) {
  const OpenOptions options{std::move(descriptors), base::SpecialFiles::kRefused};
  auto snapshot = std::make_shared<Snapshot>();
  for (const json::Value item : document->root().items()) {
    look.at(FileSource::path_of(item));
    KILN_ASSIGN(SourcePtr source, FileSource::reopen(item, options));
    snapshot->sources.push_back(std::move(source));
  }
  return SnapshotPtr(std::move(snapshot));
}

}  // namespace

base::Result<SnapshotPtr> reopen_snapshot(const std::string& description,
                                          const std::stop_token& stop,
                                          base::PatienceOptions patience) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(description, "snapshot description"));
  const auto descriptors = std::make_shared<DescriptorCache>(
      DescriptorCache::sensible_capacity(kShareOfReopened), std::move(patience));
  return descriptors->patience().run<SnapshotPtr>(
      "the data",
      [document, descriptors](base::Patience::Look& look) {
        return reopen_sources(document, descriptors, look);
      },
      stop);
}

base::Status Snapshot::verify(const std::vector<bool>& wanted, const std::stop_token& stop) const {
  std::vector<OpenFilePtr> opened;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!wanted[i]) continue;
    if (OpenFilePtr file = sources[i]->opened_file()) {
      opened.push_back(std::move(file));
    } else {
      KILN_TRY(sources[i]->verify(stop));
    }
  }
  return OpenFile::check_unchanged(std::move(opened), stop);
}

size_t Snapshot::open_ahead(size_t first, const std::vector<bool>& wanted,
                            const std::stop_token& stop) const {
  std::vector<OpenFilePtr> next;
  size_t at = first;
  for (; at < sources.size(); ++at) {
    const OpenFilePtr file = wanted[at] ? sources[at]->opened_file() : nullptr;
    if (!file || file->most_ahead() == 0) continue;
    if (next.size() >= file->most_ahead()) break;
    next.push_back(file);
  }
  OpenFile::open_ahead(std::move(next), stop);
  return at;
}

}  // namespace kiln::dataset
