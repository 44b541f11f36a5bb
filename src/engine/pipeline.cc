#include "engine/pipeline.h"

#include <algorithm>

#include "base/guarded.h"
#include "base/pool.h"
#include "engine/nothing_found.h"
#include "engine/scan_group.h"
#include "engine/sequencer.h"
#include "engine/worker.h"

namespace kiln::engine {
namespace {

/// A source that is named after a type is read only if a view is over that type.
std::vector<bool> wanted_sources(const dataset::Snapshot& snapshot,
                                 const std::vector<ScanGroup>& groups) {
  std::vector<bool> wanted;
  for (const dataset::SourcePtr& source : snapshot.sources) {
    wanted.push_back(std::any_of(groups.begin(), groups.end(), [&](const ScanGroup& group) {
      return source->may_hold(group.type());
    }));
  }
  return wanted;
}

uint64_t size_of(const dataset::Snapshot& snapshot, const std::vector<bool>& wanted) {
  uint64_t size = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) size += snapshot.sources[i]->about().size;
  }
  return size;
}

/// A worker's turns in the pool, for as long as it has something to do.
class Turns {
 public:
  Turns(const RunContext& context, std::stop_token stop, base::Pool::Queue& queue)
      : context_(context), stop_(std::move(stop)), queue_(queue) {}

  void post() {
    queue_.post([this] { turn(); });
  }

 private:
  void turn() {
    bool more = false;
    base::Status status = base::guarded([&] { more = step(); });
    if (!status.ok()) context_.sequencer.fail(std::move(status).error());
    if (more) return;
    worker_.reset();
    context_.sequencer.leave();
  }

  /// True if it has its next turn, or will have it when there is room.
  bool step() {
    if (!context_.sequencer.may_claim([this] { post(); })) return true;
    if (!worker_) worker_ = std::make_unique<Worker>(context_, stop_);
    if (!worker_->step()) return false;
    post();
    return true;
  }

  const RunContext& context_;
  const std::stop_token stop_;
  base::Pool::Queue& queue_;
  std::unique_ptr<Worker> worker_;
};

/// What the workers do with their turns.
void evaluate(const RunContext& context, base::Pool& pool, const std::stop_token& stop) {
  std::vector<std::unique_ptr<Turns>> workers;
  base::Pool::Queue queue(pool);  // ends before them
  base::Status posted = base::guarded([&] {
    for (unsigned i = 0; i < pool.threads(); ++i) {
      workers.push_back(std::make_unique<Turns>(context, stop, queue));
      workers.back()->post();
    }
  });
  if (!posted.ok()) context.sequencer.fail(std::move(posted).error());  // it ends those that run
  context.sequencer.wait(static_cast<unsigned>(workers.size()), stop);
}

}  // namespace

void add(Summary one, Summary& all) {
  all.resources += one.resources;
  all.bytes += one.bytes;
  all.bad_lines += one.bad_lines;
  all.bad_rows += one.bad_rows;
  all.failed_casts += one.failed_casts;
  const auto add_new = [](std::vector<base::Error>& from, std::vector<base::Error>& to) {
    for (base::Error& error : from) {
      const bool told = std::any_of(to.begin(), to.end(), [&](const base::Error& other) {
        return other.to_string() == error.to_string();
      });
      if (!told) to.push_back(std::move(error));
    }
  };
  add_new(one.warnings, all.warnings);
  add_new(one.examples, all.examples);
}

base::Result<Summary> run(const dataset::Snapshot& snapshot, const std::vector<Subject>& subjects,
                          const Options& options, std::stop_token stop, Progress* progress) {
  std::unique_ptr<base::Pool> own_pool;
  if (options.pool == nullptr) {
    KILN_ASSIGN(own_pool, base::Pool::start(options.threads, base::Pool::Use::kOne));
  }
  base::Pool& pool = own_pool ? *own_pool : *options.pool;
  const std::vector<ScanGroup> groups = group_subjects(subjects, options.filter);
  dataset::ReaderOptions reader_options = options.reader;
  reader_options.stop = stop;
  const std::vector<bool> wanted = wanted_sources(snapshot, groups);
  if (progress != nullptr) progress->bytes_total += size_of(snapshot, wanted);
  dataset::Reader reader(snapshot, wanted, reader_options);
  Sequencer sequencer(snapshot, subjects, options, pool, uint64_t{pool.threads()} * 4, progress);
  const RunContext context{snapshot, subjects, groups, options, reader, sequencer, pool};
  base::Status evaluated = base::guarded([&] { evaluate(context, pool, stop); });
  if (!evaluated.ok()) sequencer.fail(std::move(evaluated).error());
  return base::guarded([&]() -> base::Result<Summary> {
    auto summary = sequencer.finish(wanted, stop);
    if (!summary.ok() || options.limit == 0) return summary;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (i < sequencer.found().size() && sequencer.found()[i] != 0) continue;
      if (i > 0 && groups[i].type() == groups[i - 1].type()) continue;  // the first counts
      summary->warnings.push_back(nothing_found(groups[i].type(), snapshot, wanted));
    }
    return summary;
  });
}

}  // namespace kiln::engine
