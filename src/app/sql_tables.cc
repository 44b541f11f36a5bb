#include "app/sql_tables.h"

#include <memory>

#include "plan/library_graph.h"
#include "plan/query_subject.h"
#include "plan/resolver.h"

namespace kiln::app {
namespace {

/// Null if there is an error.
std::shared_ptr<const table::Schema> columns_of(const plan::Artefact& artefact,
                                                const plan::ArtefactsPtr& artefacts,
                                                std::optional<fhir::Version> version,
                                                plan::Problems& problems) {
  plan::Subject subject;
  subject.place = artefact.document->source();
  if (artefact.compiled) {
    if (artefact.compiled->view) {
      return {artefact.compiled->view, &artefact.compiled->view->schema()};
    }
    for (const base::Error& error : artefact.compiled->problems.errors) {
      problems.add(plan::ProblemCode::kInvalidView, subject.place, error.clone());
    }
    return nullptr;
  }
  subject.library = artefact.library;
  plan::add_library_errors(*artefact.library, subject.place, problems);
  plan::LibraryGraph graph(artefacts, "", {version});
  subject.query = graph.query(subject, {}, problems);
  if (subject.query) plan::describe_query(subject, problems);
  return subject.columns;
}

}  // namespace

std::string table_name(const plan::Artefact& artefact) {
  const bool is_table =
      artefact.compiled || (artefact.library && artefact.library->kind == plan::LibraryKind::kView);
  if (!is_table) return "";
  return artefact.name.empty() ? artefact.id : artefact.name;
}

std::vector<std::vector<std::string>> list_tables(const plan::ArtefactsPtr& artefacts,
                                                  std::optional<fhir::Version> version,
                                                  plan::Problems& problems) {
  std::vector<std::vector<std::string>> lines = {{"table", "column", "type", "description"}};
  for (const bool of_views : {true, false}) {
    for (const plan::Artefact* const artefact : artefacts->all()) {
      const std::string name = table_name(*artefact);
      if (name.empty() || (artefact->compiled != nullptr) != of_views) continue;
      plan::Problems found;
      const auto columns = columns_of(*artefact, artefacts, version, found);
      if (columns) {
        for (const table::Column& column : columns->columns) {
          lines.push_back({name, column.name, table::sql_name(column.type), column.description});
        }
      } else {
        const std::string what = found.all().empty() ? "" : found.all().front().error.message();
        lines.push_back({name, "", "", "error: " + what});
      }
      problems.take_all(std::move(found));
    }
  }
  return lines;
}

}  // namespace kiln::app
