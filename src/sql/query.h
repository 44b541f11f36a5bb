// A statement over relations, with its values: what is run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sql/statement.h"
#include "view/view.h"

namespace kiln::sql {

/// What a statement calls one of the query's relations. Compared without case.
struct Label {
  std::string name;
  size_t relation;  ///< an index into Query::relations
};

/// A table that statements may read: the rows of a view, or of another statement.
struct Relation {
  std::string name;    ///< for people: of the artefact
  view::ViewPtr view;  ///< null for an SQL view
  std::string text{};  ///< of the view, its ViewDefinition as JSON
  std::optional<Statement> statement{};
  std::vector<Label> labels{};  ///< of the statement, all earlier relations
  /// Of a view that is in another process.
  std::shared_ptr<const table::Schema> columns{};

  /// Of a view; null for an SQL view.
  const table::Schema* schema() const { return view ? &view->schema() : columns.get(); }
};

/// A value for a placeholder.
struct Binding {
  std::string name;
  std::string type;                  ///< SQL's, "DECIMAL(4,2)"; "": what the statement wants there
  std::optional<std::string> value;  ///< none: NULL
};

/// Immutable once made. Each relation comes after those that it reads.
struct Query {
  std::vector<Relation> relations;
  Statement statement;
  std::vector<Label> labels;  ///< of the statement
  std::vector<Binding> bindings;
};

using QueryPtr = std::shared_ptr<const Query>;

}  // namespace kiln::sql
