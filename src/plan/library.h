// A Library of SQL, an SQLQuery or SQLView (operations.md §5), as its author wrote it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/document.h"
#include "sql/statement.h"
#include "view/definition.h"

namespace kiln::plan {

enum class LibraryKind : uint8_t { kQuery, kView };

/// "SQLQuery", "SQLView".
std::string_view name_of(LibraryKind kind);

/// The FHIR types that a parameter may be declared with.
enum class ParameterType : uint8_t {
  kString,
  kInteger,
  kDate,
  kDateTime,
  kBoolean,
  kDecimal,
  kCode,
  kInstant,
};

/// "dateTime", as a Library declares it.
std::string_view name_of(ParameterType type);
/// As name_of() has it; also as the end of a `value[x]`, "DateTime".
std::optional<ParameterType> parameter_type(std::string_view name);

struct Dependency {
  std::string canonical;  ///< "url", "url|version"; also a reference, "ViewDefinition/1"
  std::string label;      ///< what the statement calls it
  std::string path{};     ///< "relatedArtifact[2].resource"
  json::Value value{};    ///< in the document, for positions
};

struct DeclaredParameter {
  std::string name;
  ParameterType type;
};

enum class Origin : uint8_t {
  kPublished,
  kGiven,  ///< inline: its type may be missing, its parameters undeclared (operations.md §7)
};

/// Immutable once read. Keeps its document alive, for positions.
struct Library {
  json::DocumentPtr document{};  ///< null if it is but a statement
  json::Value value{};           ///< in the document, which may hold more
  LibraryKind kind = LibraryKind::kQuery;
  Origin origin = Origin::kGiven;
  std::string url{};
  std::string version{};
  std::string name{};
  std::vector<Dependency> dependencies{};       ///< those that could be read
  std::vector<DeclaredParameter> parameters{};  ///< of use "in"
  std::optional<sql::Statement> statement{};    ///< none if it has an error
  view::Problems problems{};

  bool ok() const { return problems.ok() && statement.has_value(); }
  /// Whether a placeholder takes a value of any type, as nothing is declared.
  bool takes_undeclared() const { return origin == Origin::kGiven && parameters.empty(); }
};

using LibraryPtr = std::shared_ptr<const Library>;

/// True if the Library says that it is an SQLQuery or SQLView. Others are published too.
bool is_sql_library(json::Value value);

/// Reads and checks all that can be told without what it depends on; `value` is a Library in
/// `document`. What is wrong is in its `problems`, all of it, each with its path; in the SQL the
/// position is one in the decoded text, whose source is the document's and " (SQL)". kInvalid but
/// for a statement that writes (kUsage) and what keeps DuckDB from reading it. Never null.
LibraryPtr read_library(const json::DocumentPtr& document, json::Value value, Origin origin);

/// A query that no Library stands around, over tables that have labels and canonicals already: of
/// these it has those that it mentions. Problems as above, without a path. Never null.
LibraryPtr read_statement(std::string text, std::string source,
                          const std::vector<Dependency>& tables);

}  // namespace kiln::plan
