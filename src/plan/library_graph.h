// From a Library to a query: what it depends on, and what that depends on.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/artefacts.h"
#include "plan/problem.h"
#include "plan/published_artefacts.h"
#include "plan/subject.h"
#include "sql/query.h"

namespace kiln::plan {

struct GraphLimits {
  size_t depth = 16;         ///< dependencies one after the other: --sql-max-depth
  size_t dependencies = 64;  ///< of a query, each counted once: --sql-max-dependencies
};

/// The artefacts of one request: those that came with it (`context`, `tableSource` or `view`)
/// before those that are published. An artefact is compiled once, however often it is needed. Used
/// by one thread.
class LibraryGraph {
 public:
  /// `own_base` and `options` as in Resolver; all of a request's subjects see the same artefacts.
  LibraryGraph(ArtefactsPtr artefacts, std::string own_base, view::CompileOptions options,
               GraphLimits limits = {})
      : artefacts_(std::move(artefacts)),
        own_base_(std::move(own_base)),
        options_(std::move(options)),
        limits_(limits) {}

  /// An artefact that came with the request; it is looked into only when something depends on it.
  /// No url, or one that another has in the same version, is kUsage; what is neither a
  /// ViewDefinition nor a Library is kWrongKind.
  void add_context(const json::DocumentPtr& document, json::Value value, const std::string& place,
                   Problems& problems);

  /// The query of a subject that is a Library; null if anything is wrong, with it too. A dependency
  /// is a canonical or a reference to something of our own. A problem with what came with the
  /// request has the place of that, any other that of the subject.
  sql::QueryPtr query(const Subject& subject, std::vector<sql::Binding> bindings,
                      Problems& problems);

  /// kUsage for whatever came with the request and was not needed. To be asked after all queries
  /// and only if all subjects were found; says nothing where a graph was not followed to its ends.
  void check_context(Problems& problems) const;

 private:
  friend class GraphWalk;
  struct Supplied {
    Artefact artefact;
    std::string place;
    bool is_needed = false;
    bool is_told = false;  ///< its errors
  };

  const ArtefactsPtr artefacts_;
  const std::string own_base_;
  const view::CompileOptions options_;
  const GraphLimits limits_;
  std::vector<std::unique_ptr<Supplied>> supplied_;  ///< in their order
  std::map<const Artefact*, Supplied*> by_artefact_;
  CanonicalIndex canonicals_;  ///< of those
  bool is_followed_ = true;    ///< all graphs, to their ends
};

}  // namespace kiln::plan
