#include "sql/duckdb_error.h"

#include <charconv>

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
  if (code == ErrorCode::kLimit) text = "the query needs more memory than it may have: " + text;
  std::optional<size_t> position;
  const std::string_view digits = root["position"].text();
  size_t at = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), at).ec == std::errc()) {
    position = at;
  }
  return {base::Error(code, std::move(text)), position};
}

}  // namespace kiln::sql
