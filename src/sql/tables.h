// Where the rows of a query's views come from.
#pragma once

#include <memory>

#include "base/clock.h"
#include "engine/rows_stream.h"
#include "table/condition.h"

namespace kiln::sql {

/// The rows of one view, read once. One thread at a time; to destroy it ends the reading.
class Rows {
 public:
  virtual ~Rows() = default;
  /// The next ones in the order of the input, as typed values; null at the end. Blocks, until the
  /// deadline at most: kLimit.
  virtual base::Result<std::unique_ptr<engine::RowsPiece>> next(const base::Deadline& deadline) = 0;
};

/// Of a query's relations that are views, each by its index. One thread at a time.
class Tables {
 public:
  virtual ~Tables() = default;
  /// The wanted columns alone, in the schema's order, of at least the wanted rows. Nothing is read
  /// before the first next().
  virtual base::Result<std::unique_ptr<Rows>> open(size_t relation,
                                                   const table::Wanted& wanted) = 0;
  /// About how many rows it has; 0: no idea.
  virtual uint64_t expected_rows(size_t relation) const = 0;
};

}  // namespace kiln::sql
