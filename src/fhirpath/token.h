// The words of a FHIRPath expression (FHIRPath 2.0 §4, Appendix B grammar).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace kiln::fhirpath {

/// Byte offsets into the expression.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
};

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,  ///< name, `delimited name`; keywords are identifiers, told apart by the parser
  kVariable,    ///< $this, $index, $total: text without the '$'
  kExternal,    ///< %name, %`name`, %'name': text without the '%'
  kString,      ///< text with escapes resolved
  kInteger,
  kLong,  ///< 10L: text without the 'L'
  kDecimal,
  kDate,      ///< @2024-03: text without the '@'
  kDateTime,  ///< @2024-03T..., text without the '@'
  kTime,      ///< @T10:30: text without '@T'
  kSymbol,    ///< ( ) [ ] { } . , + - * / & | = != ~ !~ < > <= >=
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  std::string text;
  bool delimited = false;  ///< an identifier in backticks: never a keyword
};

/// Longest expression accepted, in bytes.
constexpr size_t kMaxExpressionSize = 64 * 1024;

/// All tokens, kEnd last. Errors carry the expression as excerpt and the caret's offset.
base::Result<std::vector<Token>> tokenize(std::string_view expression);

/// An error that points into an expression.
base::Error error_at(std::string_view expression, Span span, std::string message,
                     base::ErrorCode code = base::ErrorCode::kInvalid);

}  // namespace kiln::fhirpath
