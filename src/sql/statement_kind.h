// What a text asks for, by the first words of its statements. Internal to the library.
#pragma once

#include <string_view>
#include <vector>

#include "sql/tokens.h"

namespace kiln::sql {

/// Passes one statement that begins like a query. kUsage where any begins like one that writes or
/// sets something, kInvalid for several, none, or one that tells of something (EXPLAIN, SHOW). Only
/// so that the right is said: what is allowed is decided by the parse tree.
base::Status check_kind(std::string_view text, std::string_view source,
                        const std::vector<Token>& tokens);

/// The same inside of brackets, for a statement that DuckDB cannot parse; passes if there is none.
base::Status check_inner_kind(std::string_view text, std::string_view source,
                              const std::vector<Token>& tokens);

}  // namespace kiln::sql
