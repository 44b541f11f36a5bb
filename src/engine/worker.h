// One worker: parts in, block results out.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "dataset/bundle.h"
#include "engine/scan_group.h"
#include "engine/sequencer.h"
#include "json/validate.h"

namespace kiln::engine {

/// What the workers of a run share. All immutable or thread-safe.
struct RunContext {
  const dataset::Snapshot& snapshot;
  const std::vector<Subject>& subjects;
  const std::vector<ScanGroup>& groups;
  const Options& options;
  dataset::Reader& reader;
  Sequencer& sequencer;
  base::Pool& pool;
};

class Worker {
 public:
  Worker(const RunContext& context, std::stop_token stop);
  /// One block: claims, evaluates and deposits it. False at the end of the input or the run.
  [[nodiscard]] bool step();

 private:
  /// A subject's evaluation and the rows of the block at hand.
  struct Lane {
    Lane(const Subject& subject, base::WallTime now, view::RowOptions row_options)
        : evaluation(*subject.view, now, row_options),
          batch(subject.view->schema(), subject.output->values(), row_options.memory) {}
    view::RowEvaluation evaluation;
    table::Batch batch;
    view::TakeRows take;  ///< writes what is too much to keep until the block is done
    uint64_t casts_failed = 0;
  };

  /// A group and its parsers.
  struct GroupParser {
    const ScanGroup* group;
    json::LineParser parser;
    std::optional<json::LineParser> filter_parser;  ///< with a filter
    /// Resources of its type in the block; of several groups of a type, the first counts them.
    uint64_t found = 0;
    GroupParser* next = nullptr;  ///< the group of the same type in another FHIR version

    /// Without a tape if the filter leaves the resource out.
    json::LineResult parse(const char* line, json::Extent extent, bool& left_out);
  };

  base::Result<std::optional<dataset::Block>> read(dataset::Part& part);
  BlockResult process(const dataset::Part& part, const dataset::Block& block);
  /// The rows of a batch, for whose bytes `memory` is drawn on.
  base::Result<std::unique_ptr<Piece>> encode(size_t subject, table::Batch& batch,
                                              base::MemoryReservation& memory);
  bool write_early(size_t subject, table::Batch& batch);
  bool write_long_texts(size_t subject);
  /// False: the error in `result` ends the block.
  bool line(const char*& at, const dataset::Part& part, const dataset::Block& block,
            BlockResult& result);
  /// `group` is null if no view is over the line's type.
  bool resource(GroupParser* group, const char* start, const char*& at, const dataset::Part& part,
                const dataset::Block& block, BlockResult& result);
  bool bundle(const char* start, const char*& at, const dataset::Part& part,
              const dataset::Block& block, BlockResult& result);
  bool entry(const char* start, const dataset::Part& part, const dataset::Block& block,
             BlockResult& result);
  bool no_type(const char* start, const char*& at, const dataset::Part& part,
               const dataset::Block& block, BlockResult& result);
  bool other_versions(const GroupParser& first, const char* start, json::Extent extent,
                      const dataset::Part& part, const dataset::Block& block, BlockResult& result);
  bool rows(const GroupParser& group, const char* line, const dataset::Part& part,
            const dataset::Block& block, BlockResult& result);
  /// `line`: the resource that `at` is in.
  bool bad(base::Error error, const char* line, const char* at, const dataset::Part& part,
           const dataset::Block& block, BlockResult& result);
  /// The group whose views are over the type; null for none.
  GroupParser* find_group(std::string_view type);
  json::LineEnd pass_unmatched(const ScanGroup& group, const char* line) const;
  std::optional<json::Problem> pass_rest(const char* start, const char* from, json::LineEnd end,
                                         const char*& at) const;
  bool bad_line(const json::Problem& problem, const char* start, const dataset::Part& part,
                const dataset::Block& block, BlockResult& result);

  const RunContext& context_;
  const std::stop_token stop_;
  const json::Scanner& scanner_;
  base::MemoryReservation memory_;  ///< of the evaluations, the batches and the buffer
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<GroupParser> parsers_;
  GroupParser* named_ = nullptr;     ///< of the source at hand, if it tells a type
  const char* last_line_ = nullptr;  ///< of the source, if it is in the block at hand
  dataset::BundleReader bundles_;
  bool in_bundle_ = false;  ///< what is at hand is in an entry
  dataset::BlockBuffer buffer_{&memory_};
  uint64_t ordinal_ = 0;                    ///< of the block at hand
  std::optional<base::Error> early_error_;  ///< of write_early()
};

}  // namespace kiln::engine
