// What DuckDB says has gone wrong. Internal to the library.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace kiln::sql {

struct DuckDbError {
  base::Error error;
  std::optional<size_t> position;  ///< byte of the text that it was given
  /// A column that a table has not; "" also where `error` suggests another already.
  std::string missing_column{};
};

/// Of a message as `errors_as_json` has it, or as it comes: kInvalid for what is wrong with the
/// statement or meets a value that it cannot take, kLimit for want of memory or room on disk,
/// kCancelled, kInternal.
DuckDbError read_duckdb_error(const std::string& message);

}  // namespace kiln::sql
