#include "sql/statement_kind.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/text.h"

namespace kiln::sql {
namespace {

constexpr std::string_view kWriting[] = {
    "abort",   "alter",  "analyze",  "attach",     "begin",  "checkpoint", "comment",
    "commit",  "copy",   "create",   "deallocate", "delete", "detach",     "drop",
    "execute", "export", "force",    "grant",      "import", "insert",     "install",
    "load",    "merge",  "prepare",  "replace",    "reset",  "revoke",     "rollback",
    "set",     "start",  "truncate", "update",     "use",    "vacuum",
};
constexpr std::string_view kTelling[] = {
    "call", "desc", "describe", "explain", "pragma", "show", "summarize",
};
/// Of the first, what may stand where a query is expected.
constexpr std::string_view kChanging[] = {"copy", "delete", "insert", "merge", "update"};

class Kinds {
 public:
  Kinds(std::string_view text, std::string_view source, const std::vector<Token>& tokens)
      : text_(text), source_(source), tokens_(tokens) {}

  base::Status run() const {
    std::vector<size_t> begins;
    bool is_begin = true;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (is_symbol(text_, tokens_[i], ";")) {
        is_begin = true;
      } else if (is_begin) {
        begins.push_back(i);
        is_begin = false;
      }
    }
    for (const size_t begin : begins) {
      if (const auto verb = writing_verb(begin)) return writes(*verb);
    }
    if (begins.empty()) return fail(0, "there is no statement");
    if (begins.size() > 1) return fail(tokens_[begins[1]].begin, "more than one statement");
    if (is_one_of(begins[0], kTelling)) {
      return fail(tokens_[begins[0]].begin,
                  base::lower(name_of(text_, tokens_[begins[0]])) + " is no query");
    }
    return {};
  }

  base::Status run_inside() const {
    for (size_t i = 0; i + 2 < tokens_.size(); ++i) {
      if (is_symbol(text_, tokens_[i], "(") && is_one_of(i + 1, kChanging) &&
          tokens_[i + 2].kind != TokenKind::kSymbol) {
        return writes(i + 1);
      }
    }
    return {};
  }

 private:
  base::Error fail(size_t offset, std::string message,
                   base::ErrorCode code = base::ErrorCode::kInvalid) const {
    return error_at(text_, source_, offset, base::Error(code, std::move(message)));
  }
  base::Error writes(size_t verb) const {
    return fail(
        tokens_[verb].begin,
        "a query only reads, which " + base::lower(name_of(text_, tokens_[verb])) + " does not",
        base::ErrorCode::kUsage);
  }

  template <size_t Count>
  bool is_one_of(size_t i, const std::string_view (&words)[Count]) const {
    return i < tokens_.size() &&
           std::any_of(std::begin(words), std::end(words),
                       [&](std::string_view word) { return is_word(text_, tokens_[i], word); });
  }
  bool word_is(size_t i, std::string_view word) const {
    return i < tokens_.size() && is_word(text_, tokens_[i], word);
  }

  std::optional<size_t> writing_verb(size_t i) const {
    if (word_is(i, "explain")) {
      ++i;
      if (word_is(i, "analyze")) ++i;
      if (i < tokens_.size() && is_symbol(text_, tokens_[i], "(")) i = behind_brackets(i);
    }
    if (word_is(i, "with")) {
      const uint32_t depth = tokens_[i].depth;
      for (++i; i < tokens_.size() && !is_symbol(text_, tokens_[i], ";"); ++i) {
        const bool follows_query =
            tokens_[i].depth == depth && is_symbol(text_, tokens_[i - 1], ")");
        if (follows_query && is_one_of(i, kChanging)) return i;
      }
      return std::nullopt;
    }
    if (is_one_of(i, kWriting)) return i;
    return std::nullopt;
  }

  size_t behind_brackets(size_t open) const {
    size_t i = open + 1;
    while (i < tokens_.size() && tokens_[i].depth > tokens_[open].depth) ++i;
    return i + 1;
  }

  const std::string_view text_;
  const std::string_view source_;
  const std::vector<Token>& tokens_;
};

}  // namespace

base::Status check_kind(std::string_view text, std::string_view source,
                        const std::vector<Token>& tokens) {
  return Kinds(text, source, tokens).run();
}

base::Status check_inner_kind(std::string_view text, std::string_view source,
                              const std::vector<Token>& tokens) {
  return Kinds(text, source, tokens).run_inside();
}

}  // namespace kiln::sql
