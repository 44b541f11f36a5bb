#include "sql/duckdb_error.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/near_name.h"
#include "json/document.h"

namespace kiln::sql {
namespace {

using base::ErrorCode;

/// By the kinds that DuckDB tells apart.
ErrorCode code_of(std::string_view kind) {
  if (kind == "Out of Memory") return ErrorCode::kLimit;
  if (kind == "INTERRUPT" || kind == "Interrupt") return ErrorCode::kCancelled;
  if (kind == "INTERNAL" || kind == "FATAL" || kind == "Fatal") return ErrorCode::kInternal;
  if (kind == "IO") return ErrorCode::kIo;
  return ErrorCode::kInvalid;
}

/// Without what follows the sentence: DuckDB's own excerpt, and advice on settings that are ours.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

/// All that stands in double quotes.
std::vector<std::string_view> quoted_names(std::string_view text) {
  std::vector<std::string_view> names;
  for (size_t open = text.find('"'); open != std::string_view::npos;) {
    const size_t close = text.find('"', open + 1);
    if (close == std::string_view::npos) break;
    names.push_back(text.substr(open + 1, close - open - 1));
    open = text.find('"', close + 1);
  }
  return names;
}

/// Of the candidates in the lines behind the first, which may have a table before them: "c.id".
std::string nearest_candidate(std::string_view name, std::string_view text) {
  const std::vector<std::string_view> candidates =
      quoted_names(text.substr(std::min(text.find('\n'), text.size())));
  std::vector<std::string_view> columns;
  for (const std::string_view candidate : candidates) {
    columns.push_back(candidate.substr(candidate.rfind('.') + 1));
  }
  const std::string nearest = base::nearest_name(name, columns);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == nearest) return std::string(candidates[i]);
  }
  return "";
}

/// What may have been meant by a name that is not there.
void suggest(std::string_view text, DuckDbError& error) {
  static constexpr std::string_view kColumn = " does not have a column named ";
  const std::string line = first_line(text);
  const std::vector<std::string_view> names = quoted_names(line);
  const bool of_table = line.find(kColumn) != std::string::npos;
  if (names.empty() || (!of_table && !line.starts_with("Referenced "))) return;
  const std::string_view name = names.back();
  std::string nearest = nearest_candidate(name, text);
  if (nearest.empty() && of_table) error.missing_column = name;
  error.error = std::move(error.error).with_suggestion(std::move(nearest));
}

}  // namespace

DuckDbError read_duckdb_error(const std::string& message) {
  auto document = json::Document::parse(message, "DuckDB");
  if (!document.ok() || !(*document)->root().is_object()) {
    const size_t colon = message.find(" Error: ");
    if (colon == std::string::npos) {
      return {base::Error(ErrorCode::kInternal, "DuckDB: " + first_line(message)), std::nullopt};
    }
    return {base::Error(code_of(std::string_view(message).substr(0, colon)),
                        first_line(std::string_view(message).substr(colon + 8))),
            std::nullopt};
  }
  const json::Value root = (*document)->root();
  const ErrorCode code = code_of(root["exception_type"].text());
  std::string text = first_line(root["exception_message"].text());
  // So it calls what is a table to whoever wrote the statement.
  static constexpr std::string_view kOddTable = "Values list ";
  if (text.starts_with(kOddTable)) text.replace(0, kOddTable.size(), "Table ");
  if (code == ErrorCode::kLimit) text = "the query needs more memory than it may have: " + text;
  std::optional<size_t> position;
  const std::string_view digits = root["position"].text();
  size_t at = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), at).ec == std::errc()) {
    position = at;
  }
  DuckDbError error{base::Error(code, std::move(text)), position};
  if (code == ErrorCode::kInvalid) suggest(root["exception_message"].text(), error);
  return error;
}

}  // namespace kiln::sql
