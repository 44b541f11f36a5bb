// What DuckDB's parser writes out several times.
#pragma once

#include <string_view>
#include <vector>

#include "sql/tokens.h"

namespace kiln::sql {

/// Most tokens of a statement once its copies are counted.
constexpr uint64_t kMostCopied = uint64_t{1} << 17;
/// Most tokens inside of CUBE, ROLLUP and GROUPING SETS: they make up to 65,535 sets of columns.
constexpr size_t kMostGrouping = 128;
/// Most AND and OR: the parser takes a time of their number squared.
constexpr size_t kMostConditions = 4096;

/// Refuses, before it is parsed, a statement whose tree would be out of proportion to its text: the
/// operand of `CASE x WHEN ..` stands in the tree once for each WHEN, a named window once for each
/// use, and both may be nested. Reads the tokens once.
base::Status check_copies(std::string_view text, std::string_view source,
                          const std::vector<Token>& tokens);

}  // namespace kiln::sql
