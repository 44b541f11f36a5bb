// Parquet files, written by DuckDB.
#pragma once

#include <memory>
#include <string>

#include "engine/output.h"

namespace kiln::sql {

/// Writes the rows to `path`, over the file that is there: zstd, columns of the schema's types, in
/// the order they come. After a failure, or if it is destroyed before finish(), the file is
/// removed. `schema` must outlive the output. DuckDB may use half of `process_memory` bytes (0:
/// what it takes for right), which it does not draw; kLimit if it needs more.
base::Result<std::unique_ptr<engine::Output>> make_parquet_output(const std::string& path,
                                                                  const table::Schema& schema,
                                                                  uint64_t process_memory = 0);

/// Cuts a piece that a Parquet output has encoded: the first `rows` of it stay, fewer than it has;
/// the others are returned. Both share their memory.
std::unique_ptr<engine::Piece> split_piece(engine::Piece& piece, uint64_t rows);

}  // namespace kiln::sql
