// Text to tokens in one pass, each kind recognised by its first character. Escapes are resolved
// here, comments and white space dropped.
#include "fhirpath/token.h"

#include <cctype>

#include "base/text.h"
#include "json/text.h"

namespace kiln::fhirpath {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || base::is_digit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  base::Result<std::vector<Token>> run() {
    for (;;) {
      KILN_TRY(skip_space_and_comments());
      begin_ = at_;
      if (at_ == text_.size()) {
        push(TokenKind::kEnd, "");
        return std::move(tokens_);
      }
      KILN_TRY(next());
    }
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  base::Error fail(std::string message) const {
    return error_at(text_,
                    {static_cast<uint32_t>(begin_), static_cast<uint32_t>(std::max(at_, begin_))},
                    std::move(message));
  }

  void push(TokenKind kind, std::string_view text, bool delimited = false) {
    tokens_.push_back({kind,
                       {static_cast<uint32_t>(begin_), static_cast<uint32_t>(at_)},
                       std::string(text),
                       delimited});
  }

  base::Status skip_space_and_comments() {
    for (;;) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        begin_ = at_;
        const size_t close = text_.find("*/", at_ + 2);
        if (close == std::string_view::npos) {
          at_ = text_.size();
          return fail("the comment does not end");
        }
        at_ = close + 2;
      } else {
        return {};
      }
    }
  }

  base::Status next() {
    const char c = peek();
    if (is_name_start(c)) {
      push(TokenKind::kIdentifier, take_name());
      return {};
    }
    if (base::is_digit(c)) return number();
    switch (c) {
      case '\'':
        return quoted('\'', TokenKind::kString);
      case '`':
        return quoted('`', TokenKind::kIdentifier);
      case '"':
        return quoted('"', TokenKind::kIdentifier);
      case '@':
        return temporal();
      case '$': {
        ++at_;
        const std::string_view name = take_name();
        if (name != "this" && name != "index" && name != "total") {
          return fail("unknown variable: $" + std::string(name) +
                      " (there are $this, $index and $total)");
        }
        push(TokenKind::kVariable, name);
        return {};
      }
      case '%':
        return external();
      default:
        return symbol();
    }
  }

  std::string_view take_name() {
    const size_t from = at_;
    while (is_name_part(peek())) ++at_;
    return text_.substr(from, at_ - from);
  }

  base::Status number() {
    while (base::is_digit(peek())) ++at_;
    if (peek() == 'L') {
      push(TokenKind::kLong, text_.substr(begin_, at_ - begin_));
      ++at_;
      tokens_.back().span.end = static_cast<uint32_t>(at_);
      return {};
    }
    TokenKind kind = TokenKind::kInteger;
    if (peek() == '.' && base::is_digit(peek(1))) {
      kind = TokenKind::kDecimal;
      ++at_;
      while (base::is_digit(peek())) ++at_;
    }
    push(kind, text_.substr(begin_, at_ - begin_));
    return {};
  }

  base::Status quoted(char quote, TokenKind kind) {
    std::string raw;
    if (at_ == begin_) ++at_;
    for (;;) {
      if (at_ >= text_.size()) return fail("the quoted text does not end");
      const char c = text_[at_++];
      if (c == quote) break;
      if (c != '\\') {
        raw += c;
        continue;
      }
      KILN_TRY(escape(raw));
    }
    if (!json::is_utf8(raw)) return fail("the quoted text is not valid UTF-8");
    push(kind, raw, true);
    return {};
  }

  /// What follows a backslash; `\'` `\"` `` \` `` `\/` and JSON's.
  base::Status escape(std::string& raw) {
    const char c = peek();
    if (c == '\'' || c == '`') {
      raw += c;
      ++at_;
      return {};
    }
    size_t length = c == 'u' ? 6 : 2;
    std::string_view escape = text_.substr(at_ - 1, length);
    if (json::find_bad_escape(escape) != std::string_view::npos && length == 6) {
      length = 12;  // a surrogate pair
      escape = text_.substr(at_ - 1, length);
    }
    if (escape.size() != length || json::find_bad_escape(escape) != std::string_view::npos) {
      begin_ = at_ - 1;
      return fail("a bad escape: \\" + std::string(1, c));
    }
    json::append_unescaped(raw, escape);
    at_ += length - 1;
    return {};
  }

  base::Status external() {
    ++at_;
    if (peek() == '`' || peek() == '\'' || peek() == '"') {
      const char quote = peek();
      ++at_;
      return quoted(quote, TokenKind::kExternal);
    }
    const std::string_view name = take_name();
    if (name.empty()) return fail("expected a name after %");
    push(TokenKind::kExternal, name);
    return {};
  }

  /// @2024, @2024-03T, @2024-03-01T10:30:00.5+01:00, @T10:30. Checked by the binder.
  base::Status temporal() {
    ++at_;
    const auto take_clock = [&] {
      while (base::is_digit(peek()) || peek() == ':' || (peek() == '.' && base::is_digit(peek(1))))
        ++at_;
    };
    if (peek() == 'T') {
      ++at_;
      const size_t from = at_;
      take_clock();
      if (from == at_) return fail("expected a time after @T");
      push(TokenKind::kTime, text_.substr(from, at_ - from));
      return {};
    }
    const size_t from = at_;
    if (!base::is_digit(peek())) return fail("expected a date or a time after @");
    while (base::is_digit(peek())) ++at_;
    while (peek() == '-' && base::is_digit(peek(1)) && at_ - from < 10) {
      ++at_;
      while (base::is_digit(peek())) ++at_;
    }
    if (peek() != 'T') {
      push(TokenKind::kDate, text_.substr(from, at_ - from));
      return {};
    }
    ++at_;
    if (base::is_digit(peek())) {
      take_clock();
      if (peek() == 'Z') {
        ++at_;
      } else if ((peek() == '+' || peek() == '-') && base::is_digit(peek(1)) &&
                 base::is_digit(peek(2)) && peek(3) == ':') {
        ++at_;
        take_clock();
      }
    }
    push(TokenKind::kDateTime, text_.substr(from, at_ - from));
    return {};
  }

  base::Status symbol() {
    static constexpr std::string_view kPairs[] = {"!=", "!~", "<=", ">="};
    for (const std::string_view pair : kPairs) {
      if (text_.substr(at_, 2) == pair) {
        at_ += 2;
        push(TokenKind::kSymbol, pair);
        return {};
      }
    }
    static constexpr std::string_view kSingles = "()[]{}.,+-*/&|=~<>";
    if (kSingles.find(peek()) == std::string_view::npos) {
      ++at_;
      return fail("a character that means nothing here: '" + std::string(1, text_[begin_]) + "'");
    }
    ++at_;
    push(TokenKind::kSymbol, text_.substr(begin_, 1));
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

base::Error error_at(std::string_view expression, Span span, std::string message,
                     base::ErrorCode code) {
  return base::Error(code, std::move(message))
      .with_excerpt(std::string(expression), std::min<size_t>(span.begin, expression.size()));
}

base::Result<std::vector<Token>> tokenize(std::string_view expression) {
  if (expression.size() > kMaxExpressionSize) {
    return base::Error(base::ErrorCode::kLimit, "the expression is longer than " +
                                                    std::to_string(kMaxExpressionSize) + " bytes");
  }
  return Lexer(expression).run();
}

}  // namespace kiln::fhirpath
