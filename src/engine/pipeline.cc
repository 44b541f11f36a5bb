#include "engine/pipeline.h"

#include <algorithm>

#include "base/thread.h"
#include "engine/scan_group.h"
#include "engine/sequencer.h"
#include "engine/worker.h"

namespace kiln::engine {
namespace {

/// A file that is named after a type is read only if a view is over that type.
std::vector<bool> wanted_files(const dataset::Snapshot& snapshot,
                               const std::vector<ScanGroup>& groups) {
  std::vector<bool> wanted;
  for (const dataset::OpenFilePtr& file : snapshot.files) {
    wanted.push_back(std::any_of(groups.begin(), groups.end(), [&](const ScanGroup& group) {
      return file->input().may_hold(group.type());
    }));
  }
  return wanted;
}

uint64_t size_of(const dataset::Snapshot& snapshot, const std::vector<bool>& wanted) {
  uint64_t size = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) size += snapshot.files[i]->state().size;
  }
  return size;
}

}  // namespace

base::Result<Summary> run(const dataset::Snapshot& snapshot, const std::vector<Subject>& subjects,
                          const Options& options, std::stop_token stop, Progress* progress) {
  const std::vector<ScanGroup> groups = group_subjects(subjects, options.filter);
  dataset::ReaderOptions reader_options = options.reader;
  reader_options.stop = stop;
  const std::vector<bool> wanted = wanted_files(snapshot, groups);
  if (progress != nullptr) progress->bytes_total = size_of(snapshot, wanted);
  dataset::Reader reader(snapshot, wanted, reader_options);
  const unsigned threads = std::max(1U, options.threads);
  Sequencer sequencer(snapshot, subjects, options, uint64_t{threads} * 4, progress);
  const RunContext context{snapshot, subjects, groups, options, reader, sequencer};
  {
    std::vector<base::JoiningThread> others;
    for (unsigned i = 1; i < threads; ++i) {
      auto other = base::start_thread([&context, stop] { Worker(context, stop).run(); });
      if (!other.ok()) break;  // those that there are do the work
      others.emplace_back(std::move(*other));
    }
    Worker(context, stop).run();
  }
  return sequencer.finish(wanted, stop);
}

}  // namespace kiln::engine
