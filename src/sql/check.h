// The static check of a statement: DuckDB's parse, held against what is allowed. Internal to the
// library; sql/statement.h is what others use.
#pragma once

#include <string_view>
#include <vector>

#include "sql/statement.h"
#include "sql/tokens.h"

namespace kiln::sql {

/// A statement that is to be checked.
struct Checked {
  std::string_view text;
  std::string_view source;
  const std::vector<Token>& tokens;
  /// As DuckDB parses it: each mention of a placeholder has a name of its own, placeholder_name(),
  /// so that the tree proves that it is one.
  const Rewritten& parsed;
  const std::vector<Mention>& placeholders;
};

/// "p" and the number of a mention.
std::string placeholder_name(size_t mention);

/// The tables that it reads, in order: each stands in the text as an identifier without a schema,
/// and is no CTE where it stands. Errors as Statement::parse has them.
base::Result<std::vector<Mention>> check(const Checked& statement);

}  // namespace kiln::sql
