#include "json/validate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "json/line_parser.h"
#include "json/text.h"

namespace kiln::json {
namespace {

/// Recursive descent over one value. Functions return false after noting the problem.
class Validator {
 public:
  Validator(std::string_view text, RepeatedKeys repeated) : text_(text), repeated_(repeated) {}

  std::optional<Problem> run() {
    skip_space();
    if (at_ == text_.size()) return std::nullopt;
    if (value(0)) {
      skip_space();
      if (at_ != text_.size()) fail("unexpected text after the value");
    }
    return problem_;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
      ++at_;
    }
  }
  bool fail(const char* message) { return fail_at(at_, message); }
  bool fail_at(size_t offset, const char* message) {
    problem_ = offset < text_.size() ? Problem{offset, message}
                                     : Problem{text_.size(), "the line ends too early"};
    return false;
  }

  bool value(int depth) {
    const bool nests = peek() == '{' || peek() == '[';
    if (nests && depth >= kMaxDepth) return fail("nested too deeply");
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string(nullptr);
      default:
        return scalar();
    }
  }

  bool scalar() {
    size_t end = at_;
    while (end < text_.size() &&
           std::string_view(",]} \t\r\n").find(text_[end]) == std::string_view::npos) {
      ++end;
    }
    const std::string_view token = text_.substr(at_, end - at_);
    if (token != "true" && token != "false" && token != "null" && !is_number(token)) {
      return fail("expected a value");
    }
    at_ = end;
    return true;
  }

  /// `key` gets the text with its escapes resolved.
  bool string(std::string* key) {
    const size_t begin = ++at_;
    for (;; ++at_) {
      if (at_ >= text_.size()) return fail("a string does not end");
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) return fail("a control character inside a string");
      if (c == '\\') ++at_;
    }
    const std::string_view raw = text_.substr(begin, at_ - begin);
    const size_t bad = find_bad_escape(raw);
    if (bad != std::string_view::npos) return fail_at(begin + bad, "a bad escape in a string");
    if (!is_utf8(raw)) return fail_at(begin + find_bad_utf8(raw), "a string is not valid UTF-8");
    if (key != nullptr) append_unescaped(*key, raw);
    ++at_;
    return true;
  }

  bool object(int depth) {
    ++at_;
    std::vector<std::string> keys;
    std::vector<size_t> offsets;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return true;
    }
    for (;;) {
      if (peek() != '"') return fail("expected a key in quotes");
      offsets.push_back(at_);
      keys.emplace_back();
      if (!string(&keys.back())) return false;
      skip_space();
      if (peek() != ':') return fail("expected ':' after the key");
      ++at_;
      skip_space();
      if (!value(depth + 1)) return false;
      skip_space();
      if (peek() == '}') break;
      if (peek() != ',') return fail("expected ',' or '}'");
      ++at_;
      skip_space();
    }
    ++at_;
    return repeated_ == RepeatedKeys::kAllowed || keys_differ(keys, offsets);
  }

  bool keys_differ(const std::vector<std::string>& keys, const std::vector<size_t>& offsets) {
    std::vector<size_t> order(keys.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return keys[a] != keys[b] ? keys[a] < keys[b] : a < b; });
    for (size_t i = 1; i < order.size(); ++i) {
      if (keys[order[i]] == keys[order[i - 1]]) {
        return fail_at(offsets[order[i]], "a key is given twice");
      }
    }
    return true;
  }

  bool array(int depth) {
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return true;
    }
    for (;;) {
      if (!value(depth + 1)) return false;
      skip_space();
      if (peek() == ']') break;
      if (peek() != ',') return fail("expected ',' or ']'");
      ++at_;
      skip_space();
    }
    ++at_;
    return true;
  }

  const std::string_view text_;
  const RepeatedKeys repeated_;
  size_t at_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace

std::optional<Problem> find_problem(std::string_view text, RepeatedKeys repeated) {
  return Validator(text, repeated).run();
}

std::optional<Problem> find_problem_in_line(const Scanner& scanner, const char* line,
                                            const LineEnd& end) {
  if (end.usual || scanner.is_one_object(line)) return std::nullopt;
  return find_problem({line, static_cast<size_t>(end.newline - line)}, RepeatedKeys::kAllowed);
}

}  // namespace kiln::json
