// Typed values of the pipeline as DuckDB's vectors. Internal to the library.
#pragma once

#include "sql/duckdb_api.h"
#include "table/batch.h"

namespace kiln::sql {

/// Copies rows [begin, begin + count) of a typed column into the first `count` of a vector of its
/// type. Texts are copied, too: whoever keeps a chunk keeps nothing of ours.
base::Status fill_vector(const DuckDbApi& api, const table::ColumnVector& column, size_t begin,
                         size_t count, duckdb_vector out);

}  // namespace kiln::sql
