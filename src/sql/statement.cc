#include "sql/statement.h"

#include <algorithm>

#include "sql/check.h"
#include "sql/copies.h"
#include "sql/session.h"
#include "sql/statement_kind.h"

namespace kiln::sql {

Rewritten Rewritten::behind(size_t bytes) const {
  Rewritten moved;
  moved.sql = std::string(bytes, ' ') + sql;
  for (const auto& [place, origin] : origins) moved.origins.emplace_back(place + bytes, origin);
  return moved;
}

size_t Rewritten::offset_of(size_t place) const {
  const auto next = std::upper_bound(
      origins.begin(), origins.end(), place,
      [](size_t wanted, const std::pair<size_t, size_t>& origin) { return wanted < origin.first; });
  if (next == origins.begin()) return 0;
  const auto& [begin, origin] = *std::prev(next);
  const size_t offset = origin + (place - begin);
  return next == origins.end() ? offset : std::min(offset, next->second);
}

namespace {

/// Takes a text over piece by piece.
class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : text_(text) {}

  /// Another text in place of these bytes, behind those before.
  void replace(size_t begin, size_t end, std::string_view by) {
    keep_until(begin);
    result_.origins.emplace_back(result_.sql.size(), begin);
    result_.sql += by;
    at_ = end;
  }
  Rewritten take() {
    keep_until(text_.size());
    return std::move(result_);
  }

 private:
  void keep_until(size_t end) {
    result_.origins.emplace_back(result_.sql.size(), at_);
    result_.sql += text_.substr(at_, end - at_);
  }

  const std::string_view text_;
  size_t at_ = 0;
  Rewritten result_;
};

}  // namespace

base::Result<Statement> Statement::parse(std::string text, std::string source) {
  Statement statement;
  statement.text_ = std::move(text);
  statement.source_ = std::move(source);
  const std::string& whole = statement.text_;
  KILN_ASSIGN(const Tokens tokens, tokenize(whole, statement.source_));
  KILN_TRY(check_kind(whole, statement.source_, tokens.words));
  KILN_TRY(check_copies(whole, statement.source_, tokens.words));

  std::vector<Edit>& edits = statement.edits_;
  for (const Token& token : tokens.words) {
    if (token.kind == TokenKind::kPlaceholder) {
      std::string name = whole.substr(token.begin + 1, token.end - token.begin - 1);
      statement.placeholders_.push_back({name, token.begin, token.end});
      edits.push_back({Edit::Kind::kPlaceholder, token.begin, token.end, std::move(name)});
    } else if (token.kind == TokenKind::kBacktick) {
      edits.push_back(
          {Edit::Kind::kText, token.begin, token.end, quote_name(name_of(whole, token))});
    } else if (is_symbol(whole, token, ";")) {  // there is but one statement
      edits.push_back({Edit::Kind::kText, token.begin, token.end, " "});
    }
  }
  for (const auto& [begin, end] : tokens.spaces) {
    edits.push_back({Edit::Kind::kText, begin, end, " "});
  }
  const auto is_before = [](const Edit& a, const Edit& b) { return a.begin < b.begin; };
  std::sort(edits.begin(), edits.end(), is_before);

  Rewriter rewriter(whole);
  size_t mention = 0;
  for (const Edit& edit : edits) {
    rewriter.replace(
        edit.begin, edit.end,
        edit.kind == Edit::Kind::kText ? edit.name : "$" + placeholder_name(mention++));
  }
  const Rewritten parsed = rewriter.take();
  KILN_ASSIGN(statement.tables_,
              check({whole, statement.source_, tokens.words, parsed, statement.placeholders_}));

  for (const Mention& table : statement.tables_) {
    edits.push_back({Edit::Kind::kTable, table.begin, table.end, table.name});
  }
  // A table in backticks is written anew in any case.
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return std::pair(a.begin, a.kind != Edit::Kind::kTable) <
           std::pair(b.begin, b.kind != Edit::Kind::kTable);
  });
  edits.erase(std::unique(edits.begin(), edits.end(),
                          [](const Edit& a, const Edit& b) { return a.begin == b.begin; }),
              edits.end());
  return statement;
}

Rewritten Statement::for_duckdb(std::string_view schema, const OfName& type_of,
                                const OfName& literal_of) const {
  Rewriter rewriter(text_);
  for (const Edit& edit : edits_) {
    std::string by = edit.name;
    if (edit.kind == Edit::Kind::kTable) {
      by = quote_name(edit.name);
      if (!schema.empty()) by.insert(0, std::string(schema) + ".");
    } else if (edit.kind == Edit::Kind::kPlaceholder) {
      const std::string type = type_of ? type_of(edit.name) : "";
      by = literal_of ? literal_of(edit.name) : "$" + edit.name;
      if (!type.empty()) by = "CAST(" + by + " AS " + type + ")";
    }
    rewriter.replace(edit.begin, edit.end, by);
  }
  return rewriter.take();
}

base::Error Statement::at(size_t offset, base::Error error) const {
  return error_at(text_, source_, offset, std::move(error));
}

}  // namespace kiln::sql
