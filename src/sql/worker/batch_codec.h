// Rows of a batch as bytes. Internal to the library.
#pragma once

#include "base/error.h"
#include "sql/worker/wire.h"
#include "table/batch.h"

namespace kiln::sql {

/// Rows of one message.
constexpr size_t kMostRowsTogether = 65'536;

/// How many of the next `count` rows, one or more, go into one message of some megabytes at most.
size_t rows_together(const table::Batch& batch, size_t begin, size_t count);
/// Bytes that rows [begin, begin + count) take, about.
size_t size_of_rows(const table::Batch& batch, size_t begin, size_t count);
/// At most kMostRowsTogether of them.
void write_rows(const table::Batch& batch, size_t begin, size_t count, WireWriter& out);
/// All that is left of `in`, appended to a batch of the same columns, which owns its texts
/// then. kInvalid for anything else than such rows: the batch is to be cleared then. Memory is at
/// most a small multiple of the bytes.
base::Status read_rows(WireReader& in, table::Batch& batch);
/// kInvalid if a nested column of typed values has a text that is no JSON, or is nested too deeply:
/// DuckDB crashes on some of it.
base::Status check_nested(const table::Schema& schema, const table::Batch& batch);

}  // namespace kiln::sql
