// The functions that a statement may call, and the other names that it may use. What is not here is
// refused. Internal to the library.
#pragma once

#include <string>
#include <string_view>

namespace kiln::sql {

/// Names are in lower case.
bool is_allowed_function(std::string_view name);  ///< scalar, aggregate, window, operator
bool is_allowed_table_function(std::string_view name);
bool is_allowed_type(std::string_view id);          ///< of DuckDB's own, "INTEGER"
bool is_allowed_named_type(std::string_view name);  ///< one that it looks up by name
bool is_allowed_collation(std::string_view name);

/// The nearest allowed name, or empty.
std::string nearest_function(std::string_view name);
std::string nearest_table_function(std::string_view name);

/// A column of this name, where there is none, is a function that tells of the session.
bool is_session_name(std::string_view name);
/// DuckDB has a view of its own by this name.
bool is_catalogue_name(std::string_view name);

}  // namespace kiln::sql
