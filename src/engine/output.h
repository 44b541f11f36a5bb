// What the pipeline does with the rows of one view.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "table/batch.h"

namespace kiln::engine {

/// The rows of one block in the output's own form.
class Piece {
 public:
  virtual ~Piece() = default;
  uint64_t rows = 0;
  size_t memory = 0;  ///< bytes that it holds
};

/// One view's output. encode() runs on many workers at once, the rest in the order of the input,
/// one call at a time.
class Output {
 public:
  virtual ~Output() = default;
  /// What its batches are to hold.
  virtual table::Values values() const { return table::Values::kText; }
  /// Must not keep references into the batch, but may take the rows out of one of typed values.
  virtual base::Result<std::unique_ptr<Piece>> encode(table::Batch& batch) = 0;
  /// At most `limit` rows of the piece are still wanted.
  virtual base::Status write(std::unique_ptr<Piece> piece, uint64_t limit) = 0;
  virtual base::Status finish() = 0;
};

}  // namespace kiln::engine
