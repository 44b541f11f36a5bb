#include "sql/copies.h"

#include <algorithm>

namespace kiln::sql {
namespace {

class Copies {
 public:
  Copies(std::string_view text, std::string_view source, const std::vector<Token>& tokens)
      : text_(text), source_(source), tokens_(tokens) {}

  base::Status run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (window_end_ == i) window_end_ = 0;
      while (!cases_.empty() && cases_.back().depth > token.depth) leave_case();
      if (token.kind == TokenKind::kWord && !is_label(i)) KILN_TRY(word(i));
      if (i < grouping_end_ && ++grouping_ > kMostGrouping) {
        return fail(token, "more than " + std::to_string(kMostGrouping) +
                               " words in CUBE, ROLLUP and GROUPING SETS");
      }
      add(1);
    }
    while (!cases_.empty()) leave_case();
    const uint64_t whole = plus(total_, times(window_uses_, windows_));
    if (whole > kMostCopied) {
      return fail(tokens_.front(), "CASE and WINDOW repeat too much of the statement");
    }
    return {};
  }

 private:
  struct Case {
    uint32_t depth;
    bool has_operand;
    uint64_t operand = 0;
    uint64_t rest = 0;
    uint64_t whens = 0;
  };

  /// Far above the limit, and far from what does not fit.
  static constexpr uint64_t kMany = uint64_t{1} << 30;
  static uint64_t plus(uint64_t a, uint64_t b) { return std::min(a + b, kMany); }
  static uint64_t times(uint64_t a, uint64_t b) { return std::min(a * b, kMany); }

  base::Error fail(const Token& token, std::string message) const {
    return error_at(text_, source_, token.begin,
                    base::Error(base::ErrorCode::kLimit, std::move(message)));
  }
  bool word_is(size_t i, std::string_view keyword) const {
    return i < tokens_.size() && is_word(text_, tokens_[i], keyword);
  }
  bool symbol_is(size_t i, std::string_view symbol) const {
    return i < tokens_.size() && is_symbol(text_, tokens_[i], symbol);
  }
  /// A keyword may be a name behind AS and a point.
  bool is_label(size_t i) const { return i > 0 && (word_is(i - 1, "as") || symbol_is(i - 1, ".")); }

  void add(uint64_t weight) {
    if (window_end_ != 0) windows_ = plus(windows_, weight);
    if (cases_.empty()) {
      total_ = plus(total_, weight);
    } else {
      Case& innermost = cases_.back();
      uint64_t& part =
          innermost.has_operand && innermost.whens == 0 ? innermost.operand : innermost.rest;
      part = plus(part, weight);
    }
  }

  void leave_case() {
    const Case left = cases_.back();
    cases_.pop_back();
    const uint64_t weight = plus(times(left.operand, std::max<uint64_t>(left.whens, 1)), left.rest);
    // Its tokens have been counted once in a window already; twice does no harm.
    add(weight);
  }

  /// Whether what is read now is in a named window or in the operand of a CASE.
  bool is_copied() const {
    return window_end_ != 0 || std::any_of(cases_.begin(), cases_.end(), [](const Case& open) {
             return open.has_operand && open.whens == 0;
           });
  }

  base::Status word(size_t i) {
    const Token& token = tokens_[i];
    if (is_word(text_, token, "case")) {
      cases_.push_back({token.depth, !word_is(i + 1, "when")});
    } else if (!cases_.empty() && cases_.back().depth == token.depth &&
               is_word(text_, token, "when")) {
      ++cases_.back().whens;
    } else if (!cases_.empty() && cases_.back().depth == token.depth &&
               is_word(text_, token, "end")) {
      leave_case();
    } else if (is_word(text_, token, "over")) {
      if (window_end_ != 0) return fail(token, "a window inside of a named window");
      ++window_uses_;
    } else if (is_word(text_, token, "window") && word_is(i + 2, "as")) {
      if (is_copied()) return fail(token, "a named window inside of what is repeated");
      window_end_ = end_of_windows(i + 1);
    } else if (is_word(text_, token, "and") || is_word(text_, token, "or")) {
      if (++conditions_ > kMostConditions) {
        return fail(token, "more than " + std::to_string(kMostConditions) + " AND and OR");
      }
    } else if (is_word(text_, token, "cube") || is_word(text_, token, "rollup") ||
               (is_word(text_, token, "sets") && i > 0 && word_is(i - 1, "grouping"))) {
      if (!symbol_is(i + 1, "(")) return {};
      if (is_copied()) return fail(token, "grouping sets inside of what is repeated");
      grouping_end_ = std::max(grouping_end_, end_of_brackets(i + 1));
    }
    return {};
  }

  /// The index behind the bracket's other half.
  size_t end_of_brackets(size_t open) const {
    size_t i = open + 1;
    while (i < tokens_.size() && tokens_[i].depth > tokens_[open].depth) ++i;
    return i + 1;
  }

  /// Of `name AS (..), name AS (..)`.
  size_t end_of_windows(size_t i) const {
    while (word_is(i + 1, "as") && symbol_is(i + 2, "(")) {
      i = end_of_brackets(i + 2);
      if (!symbol_is(i, ",")) break;
      ++i;
    }
    return i;
  }

  const std::string_view text_;
  const std::string_view source_;
  const std::vector<Token>& tokens_;
  std::vector<Case> cases_;
  uint64_t total_ = 0;
  uint64_t windows_ = 0;      ///< of all named windows
  uint64_t window_uses_ = 0;  ///< any OVER
  size_t window_end_ = 0;     ///< behind the named windows that are being read; 0: none
  size_t grouping_end_ = 0;
  size_t grouping_ = 0;
  size_t conditions_ = 0;
};

}  // namespace

base::Status check_copies(std::string_view text, std::string_view source,
                          const std::vector<Token>& tokens) {
  return Copies(text, source, tokens).run();
}

}  // namespace kiln::sql
