#include "engine/pipeline.h"

#include <algorithm>

#include "base/guarded.h"
#include "base/thread.h"
#include "engine/nothing_found.h"
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
    const auto work = [&context, stop] { Worker(context, stop).run(); };
    const auto fail = [&sequencer](base::Error error) { sequencer.fail(std::move(error)); };
    std::vector<base::Thread> others;
    others.reserve(threads - 1);
    for (unsigned i = 1; i < threads; ++i) {
      auto other = base::start_thread(work, fail);
      if (!other.ok()) break;  // those that there are do the work
      others.push_back(std::move(*other));
    }
    base::Status own = base::guarded(work);
    if (!own.ok()) fail(std::move(own).error());
  }
  return base::guarded([&]() -> base::Result<Summary> {
    auto summary = sequencer.finish(wanted, stop);
    if (!summary.ok() || options.limit == 0) return summary;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (i < sequencer.found().size() && sequencer.found()[i] != 0) continue;
      summary->warnings.push_back(nothing_found(groups[i].type(), snapshot, wanted));
    }
    return summary;
  });
}

}  // namespace kiln::engine
