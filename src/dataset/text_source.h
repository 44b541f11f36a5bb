// Resources in memory.
#pragma once

#include <optional>
#include <string>

#include "base/memory_budget.h"
#include "dataset/snapshot.h"

namespace kiln::dataset {

/// Lines that a request has brought along. They are read where they are.
class TextSource final : public Source {
 public:
  /// The text is the budget's as long as the source lives; kNoMemory or kLimit if there is no room.
  /// Null: unbounded.
  static base::Result<SourcePtr> open(std::string name, std::string lines,
                                      base::MemoryBudget* budget = nullptr);

  std::unique_ptr<Parts> parts(const ReaderOptions& options) const override;
  base::Result<Block> load(const Part& part, BlockBuffer& buffer,
                           const ReaderOptions& options) const override;
  base::SourcePosition position(const Block& block, const char* at,
                                const std::string& place) const override;
  base::Status verify(const std::stop_token&) const override { return {}; }
  base::Status describe(json::Writer& writer) const override;

 private:
  TextSource(std::string name, std::string lines);

  std::string text_;  ///< with a newline at its end, and padding
  std::optional<base::MemoryShare> memory_;
};

/// The resources of a request as a snapshot.
base::Result<SnapshotPtr> snapshot_of_lines(std::string lines,
                                            base::MemoryBudget* budget = nullptr);

}  // namespace kiln::dataset
