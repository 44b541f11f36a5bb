// The words of an SQL statement by DuckDB's rules, and by ours: names in backticks, `:name`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace kiln::sql {

enum class TokenKind : uint8_t {
  kWord,         ///< a keyword or a plain identifier
  kQuoted,       ///< an identifier in double quotes
  kBacktick,     ///< an identifier in backticks, which DuckDB does not know
  kString,       ///< '..', e'..', $$..$$, $tag$..$tag$
  kNumber,       ///< in decimal; DuckDB reads others as a 0 and a name
  kPlaceholder,  ///< $name, or :name outside of [] and {}
  kSymbol,       ///< one character, `::` or `:=`
};

struct Token {
  TokenKind kind;
  uint32_t begin;
  uint32_t end;
  uint32_t depth;  ///< brackets of all kinds that it stands in; those of a bracket are outside
};

struct Tokens {
  std::vector<Token> words;  ///< in order, without white space and comments
  /// Unicode's spaces outside of quotes, in order: DuckDB puts a plain one for each.
  std::vector<std::pair<uint32_t, uint32_t>> spaces;
};

/// Longest statement accepted, in bytes.
constexpr size_t kMostStatement = size_t{1} << 20;
/// Most tokens of a statement.
constexpr size_t kMostTokens = size_t{1} << 16;
/// Most brackets in each other.
constexpr uint32_t kDeepestBrackets = 100;

/// Reads the text once. Errors have their place: what does not end, does not close, is no UTF-8, or
/// passes a limit.
base::Result<Tokens> tokenize(std::string_view text, std::string_view source);

/// What an identifier is without its quotes; any other token as it stands.
std::string name_of(std::string_view text, const Token& token);

/// Whether a token is this keyword, given in lower case.
bool is_word(std::string_view text, const Token& token, std::string_view keyword);
/// Whether it is this symbol.
bool is_symbol(std::string_view text, const Token& token, std::string_view symbol);

/// `error` with the line and column of a byte of the text, and that line for a caret.
base::Error error_at(std::string_view text, std::string_view source, size_t offset,
                     base::Error error);

}  // namespace kiln::sql
