#include "sql/tokens.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "base/utf8.h"

namespace kiln::sql {
namespace {

/// Bytes of characters beyond ASCII are letters to DuckDB, whatever they are.
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_tag_part(char c) { return is_name_start(c) || base::is_digit(c); }
bool is_name_part(char c) { return is_tag_part(c) || c == '$'; }
bool is_ascii_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c != '$' && static_cast<unsigned char>(c) < 0x80; });
}

/// Of the characters that DuckDB reads as a space: U+00A0, U+2000 to U+200B, U+202F, U+205F,
/// U+2060, U+3000, U+FEFF. 0 for any other.
size_t unicode_space(std::string_view text) {
  static constexpr std::string_view kSpaces[] = {"\xC2\xA0",     "\xE2\x80\xAF", "\xE2\x81\x9F",
                                                 "\xE2\x81\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF"};
  if (text.empty() || static_cast<unsigned char>(text.front()) < 0x80) return 0;
  for (const std::string_view space : kSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  // The text is UTF-8: what follows these two bytes is one more.
  const bool general = text.size() > 2 && text.starts_with("\xE2\x80") &&
                       static_cast<unsigned char>(text[2]) <= 0x8B;
  return general ? 3 : 0;
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  base::Result<Tokens> run() {
    KILN_TRY(check_bytes());
    for (;;) {
      KILN_TRY(skip_space_and_comments());
      begin_ = at_;
      if (at_ == text_.size()) break;
      if (tokens_.size() + spaces_.size() == kMostTokens) {
        return too_much(kMostTokens, " words");
      }
      KILN_TRY(next());
    }
    if (open_.empty()) return Tokens{std::move(tokens_), std::move(spaces_)};
    begin_ = tokens_[open_.back()].begin;
    return fail("the bracket is not closed");
  }

 private:
  base::Error fail(std::string message, base::ErrorCode code = base::ErrorCode::kInvalid) const {
    return error_at(text_, source_, begin_, base::Error(code, std::move(message)));
  }
  base::Error too_much(size_t most, const char* of_what) const {
    return fail("a statement has at most " + std::to_string(most) + of_what,
                base::ErrorCode::kLimit);
  }

  base::Status check_bytes() {
    if (text_.size() > kMostStatement) {
      return too_much(kMostStatement, " bytes");
    }
    while (begin_ < text_.size()) {
      if (text_[begin_] == '\0') return fail("a NUL character");
      const size_t length = base::utf8_character(text_.substr(begin_));
      if (length == 0) return fail("not UTF-8");
      begin_ += length;
    }
    begin_ = 0;
    return {};
  }

  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void push(TokenKind kind) {
    tokens_.push_back({kind, static_cast<uint32_t>(begin_), static_cast<uint32_t>(at_),
                       static_cast<uint32_t>(open_.size())});
  }

  base::Status skip_space_and_comments() {
    for (;;) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '-' && peek(1) == '-') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else if (c == '/' && peek(1) == '*') {
        KILN_TRY(skip_block_comment());
      } else {
        return {};
      }
    }
  }

  base::Status skip_block_comment() {
    begin_ = at_;
    size_t depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return {};
      } else {
        ++at_;
      }
    }
    return fail("the comment does not end");
  }

  base::Status next() {
    const char c = peek();
    if (const size_t length = unicode_space(text_.substr(at_)); length != 0) {
      at_ += length;
      spaces_.emplace_back(begin_, at_);
      return {};
    }
    if (is_name_start(c)) return word();
    if (base::is_digit(c) || (c == '.' && base::is_digit(peek(1)))) return number();
    switch (c) {
      case '\'':
        return quoted('\'', TokenKind::kString, "the string does not end");
      case '"':
        return quoted('"', TokenKind::kQuoted, "the quoted name does not end");
      case '`':
        return quoted('`', TokenKind::kBacktick, "the quoted name does not end");
      case '$':
        return dollar();
      case ':':
        return colon();
      case '?':
        return fail("a placeholder has a name: $name");
      case '(':
      case '[':
      case '{':
        return open();
      case ')':
      case ']':
      case '}':
        return close(c);
      default:
        ++at_;
        push(TokenKind::kSymbol);
        return {};
    }
  }

  base::Status word() {
    while (at_ < text_.size() && is_name_part(text_[at_]) &&
           unicode_space(text_.substr(at_)) == 0) {
      ++at_;
    }
    const bool is_escaped =
        at_ == begin_ + 1 && peek() == '\'' && (text_[begin_] == 'e' || text_[begin_] == 'E');
    if (is_escaped) return escaped_string();
    push(TokenKind::kWord);
    return {};
  }

  base::Status number() {
    const auto digits = [this] {
      while (base::is_digit(peek()) || (peek() == '_' && base::is_digit(peek(1)))) ++at_;
    };
    digits();
    if (peek() == '.' && peek(1) != '.') {
      ++at_;
      digits();
    }
    const bool has_sign = peek(1) == '+' || peek(1) == '-';
    if ((peek() == 'e' || peek() == 'E') && base::is_digit(peek(has_sign ? 2 : 1))) {
      at_ += has_sign ? 2 : 1;
      digits();
    }
    std::string plain(text_.substr(begin_, at_ - begin_));
    std::erase(plain, '_');
    double value = 0;  // an infinite one would be written as what is no JSON
    if (std::from_chars(plain.data(), plain.data() + plain.size(), value).ec != std::errc()) {
      return fail("a number that no DOUBLE holds");
    }
    push(TokenKind::kNumber);
    return {};
  }

  /// A quote inside is written twice.
  base::Status quoted(char quote, TokenKind kind, const char* unfinished) {
    ++at_;
    for (;;) {
      at_ = text_.find(quote, at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        return fail(unfinished);
      }
      ++at_;
      if (peek() != quote) break;
      ++at_;
    }
    if (kind != TokenKind::kString && at_ - begin_ == 2) return fail("a name without characters");
    push(kind);
    return {};
  }

  base::Status escaped_string() {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\') {
        at_ = std::min(at_ + 1, text_.size());
      } else if (c == '\'') {
        if (peek() != '\'') {
          push(TokenKind::kString);
          return {};
        }
        ++at_;
      }
    }
    return fail("the string does not end");
  }

  base::Status dollar() {
    size_t end = at_ + 1;
    if (end < text_.size() && is_name_start(text_[end])) {
      while (end < text_.size() && is_tag_part(text_[end])) ++end;
    }
    if (end < text_.size() && text_[end] == '$') {  // a tag
      const std::string_view tag = text_.substr(at_, end + 1 - at_);
      const size_t close = text_.find(tag, end + 1);
      if (close == std::string_view::npos) return fail("the string does not end");
      at_ = close + tag.size();
      push(TokenKind::kString);
      return {};
    }
    if (base::is_digit(peek(1))) return fail("a placeholder has a name: $name");
    return placeholder();
  }

  base::Status colon() {
    if (peek(1) == ':' || peek(1) == '=') {
      at_ += 2;
      push(TokenKind::kSymbol);
      return {};
    }
    // Right behind a word it is an alias's: `SELECT total:a + b`.
    const bool follows_word = !tokens_.empty() && tokens_.back().end == begin_ &&
                              tokens_.back().kind != TokenKind::kSymbol;
    if (in_list_ == 0 && !follows_word && is_name_start(peek(1))) return placeholder();
    ++at_;
    push(TokenKind::kSymbol);
    return {};
  }

  base::Status placeholder() {
    ++at_;
    const size_t name = at_;
    if (is_name_start(peek())) {
      while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;
    }
    if (at_ == name || !is_ascii_name(text_.substr(name, at_ - name))) {
      return fail("a placeholder's name is of letters, digits and _");
    }
    if (!tokens_.empty() && tokens_.back().end == begin_ &&
        tokens_.back().kind == TokenKind::kNumber) {
      return fail("a placeholder right behind a number");
    }
    push(TokenKind::kPlaceholder);
    return {};
  }

  base::Status open() {
    if (open_.size() == kDeepestBrackets) {
      return too_much(kDeepestBrackets, " brackets in each other");
    }
    if (text_[at_] != '(') ++in_list_;
    ++at_;
    push(TokenKind::kSymbol);
    open_.push_back(tokens_.size() - 1);
    return {};
  }

  base::Status close(char bracket) {
    const char wanted = bracket == ')' ? '(' : bracket == ']' ? '[' : '{';
    if (open_.empty() || text_[tokens_[open_.back()].begin] != wanted) {
      return fail("a bracket that closes none");
    }
    open_.pop_back();
    if (bracket != ')') --in_list_;
    ++at_;
    push(TokenKind::kSymbol);
    return {};
  }

  const std::string_view text_;
  const std::string_view source_;
  std::vector<Token> tokens_;
  std::vector<std::pair<uint32_t, uint32_t>> spaces_;
  std::vector<size_t> open_;  ///< indices of the brackets that are open
  size_t in_list_ = 0;        ///< of these, [ and {
  size_t begin_ = 0;
  size_t at_ = 0;
};

}  // namespace

base::Result<Tokens> tokenize(std::string_view text, std::string_view source) {
  return Tokenizer(text, source).run();
}

std::string name_of(std::string_view text, const Token& token) {
  const std::string_view whole = text.substr(token.begin, token.end - token.begin);
  if (token.kind != TokenKind::kQuoted && token.kind != TokenKind::kBacktick) {
    return std::string(whole);
  }
  std::string name;
  for (size_t i = 1; i + 1 < whole.size(); ++i) {
    name += whole[i];
    if (whole[i] == whole.front()) ++i;
  }
  return name;
}

bool is_word(std::string_view text, const Token& token, std::string_view keyword) {
  if (token.kind != TokenKind::kWord || token.end - token.begin != keyword.size()) return false;
  return base::lower(text.substr(token.begin, keyword.size())) == keyword;
}

bool is_symbol(std::string_view text, const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::kSymbol &&
         text.substr(token.begin, token.end - token.begin) == symbol;
}

base::Error error_at(std::string_view text, std::string_view source, size_t offset,
                     base::Error error) {
  static constexpr size_t kMostExcerpt = 1024;
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  base::SourcePosition position;
  position.source = source;
  position.line = 1 + static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n'));
  position.column = 1 + offset - line_begin;
  size_t begin = line_begin;
  size_t end = std::min(text.find('\n', offset), text.size());
  const auto to_character = [text](size_t at) {
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) {
      --at;
    }
    return at;
  };
  if (offset - begin > kMostExcerpt / 2) begin = to_character(offset - kMostExcerpt / 2);
  if (end - begin > kMostExcerpt) end = to_character(begin + kMostExcerpt);
  return std::move(error)
      .at(std::move(position))
      .with_excerpt(std::string(text.substr(begin, end - begin)), offset - begin);
}

}  // namespace kiln::sql
