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

base::Result<SnapshotPtr> reopen_snapshot(const std::string& description) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(description, "snapshot description"));
  const OpenOptions options{
      std::make_shared<DescriptorCache>(DescriptorCache::sensible_capacity(kShareOfReopened)),
      SpecialFiles::kRefused};
  auto snapshot = std::make_shared<Snapshot>();
  for (const json::Value item : document->root().items()) {
    KILN_ASSIGN(SourcePtr source, FileSource::reopen(item, options));
    snapshot->sources.push_back(std::move(source));
  }
  return SnapshotPtr(std::move(snapshot));
}

}  // namespace kiln::dataset
