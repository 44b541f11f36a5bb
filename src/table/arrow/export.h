// Schemas and batches as Arrow's C structures, without copying: whoever imports them owns the
// memory until it releases them (Arrow C Data Interface).
#pragma once

#include <memory>

#include <kiln_arrow_abi.h>

#include "table/batch.h"

namespace kiln::table {

/// Arrow's format string for a column of typed values, its lists aside: "l", "tdD", "d:38,9".
std::string arrow_format(const ColumnType& type);

/// A struct with a child for each column, each nullable. `out` is to be released by its owner.
void export_schema(const Schema& schema, ArrowSchema* out);

/// Rows [begin, begin + count) of typed values. `out` shares the batch's memory.
void export_rows(std::shared_ptr<const Batch> batch, size_t begin, size_t count, ArrowArray* out);

}  // namespace kiln::table
