// One table that was asked for: of a view or of an SQL query.
#pragma once

#include <memory>
#include <string>

#include "plan/library.h"
#include "sql/query.h"
#include "view/view.h"

namespace kiln::plan {

/// A view or a query, and what its rows are called. In a draft it is neither if there was a problem
/// with it.
struct Subject {
  std::string name;    ///< of the output; "" in a draft if nothing gives one
  view::ViewPtr view;  ///< null if it is a query
  std::string text;    ///< the artefact as JSON, for a record; "" if it came from a file
  std::string place;   ///< the parameter or file that names it
  std::string stem{};  ///< the names of its files begin so
  /// Whether the artefact is a published one, which others hold too.
  bool is_shared = false;
  LibraryPtr library{};   ///< of a query; null if it came from no Library
  sql::QueryPtr query{};  ///< null if it is a view; of a library, until LibraryGraph has made it
  std::shared_ptr<const table::Schema> columns{};  ///< of the query

  bool complete() const { return view || (query && columns); }
  const table::Schema& schema() const { return view ? view->schema() : *columns; }
};

}  // namespace kiln::plan
