// DuckDB's parse of a statement, as JSON. Internal to the library.
#pragma once

#include <string>

#include "json/document.h"

namespace kiln::sql {

/// Most bytes of the JSON, and most values in it.
constexpr size_t kMostTreeBytes = size_t{64} << 20;
constexpr size_t kMostTreeValues = size_t{1} << 20;

/// What json_serialize_sql() says of a text, which is a value to it: `{"error":false,"statements":
/// [...]}` or `{"error":true,"error_message":..,"position":..}`. Members that are null, empty or
/// of their default value are left out. Nothing of the text is run. kLimit for a tree that is too
/// large or too deep, kInvalid where DuckDB gives none. Thread-safe, one text at a time: the
/// process has one DuckDB for this, from the first call on.
base::Result<json::DocumentPtr> parse_tree(const std::string& text);

}  // namespace kiln::sql
