// An SQL statement as it was written, and the same as DuckDB is to read it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace kiln::sql {

/// Where a name stands in a statement, in bytes.
struct Mention {
  std::string name;  ///< of an identifier, without its quotes
  size_t begin = 0;
  size_t end = 0;
};

/// A statement as DuckDB is given it.
struct Rewritten {
  std::string sql;
  /// Where bytes of `sql` come from: each {place in sql, place in the text}, in order; what follows
  /// one goes along with it up to the next.
  std::vector<std::pair<size_t, size_t>> origins;

  /// The same behind so many other bytes, which come from nowhere.
  Rewritten behind(size_t bytes) const;
  /// Of a place in `sql`, in the text.
  size_t offset_of(size_t place) const;
};

/// What SQL has for the name of a placeholder.
using OfName = std::function<std::string(std::string_view)>;

/// One SELECT that only reads (operations.md §5, §7). Immutable.
class Statement {
 public:
  /// Cuts the text into tokens, parses it with DuckDB and holds every node of the parse against
  /// what is allowed: all in sql/check. Errors have their position in `source`, with an excerpt for
  /// a caret: kUsage for a statement that writes (400), kLimit for one that is too large or too
  /// deep, kInvalid for anything else (422). Whether the tables and columns exist is not looked at.
  /// Thread-safe.
  static base::Result<Statement> parse(std::string text, std::string source);

  const std::string& text() const { return text_; }
  const std::string& source() const { return source_; }
  /// All mentions of `$name` and `:name`, in order; the name is without the mark.
  const std::vector<Mention>& placeholders() const { return placeholders_; }
  /// All mentions of tables that are no CTE in scope, in order.
  const std::vector<Mention>& tables() const { return tables_; }

  /// What DuckDB is given. Tables get `schema` and a point before them, where it is not empty;
  /// a placeholder becomes CAST($name AS type_of(name)), or $name where that is "", with
  /// literal_of(name) in place of $name if it is given.
  Rewritten for_duckdb(std::string_view schema, const OfName& type_of,
                       const OfName& literal_of = {}) const;
  /// `error` at a byte of text().
  base::Error at(size_t offset, base::Error error) const;

 private:
  struct Edit {
    enum class Kind : unsigned char { kTable, kPlaceholder, kText };
    Kind kind;
    size_t begin;
    size_t end;
    std::string name;  ///< or the text that stands there instead
  };
  std::string text_;
  std::string source_;
  std::vector<Mention> placeholders_;
  std::vector<Mention> tables_;
  std::vector<Edit> edits_;  ///< in order, without overlap
};

}  // namespace kiln::sql
