#include "plan/query_subject.h"

#include <algorithm>

#include "base/near_name.h"
#include "base/text.h"
#include "sql/prepared_query.h"

namespace kiln::plan {
namespace {

using base::Error;
using base::ErrorCode;
using base::lower;

/// The views of a registry by the names that a statement may use.
class NamedViews {
 public:
  explicit NamedViews(const ArtefactRegistry& artefacts) {
    for (const Artefact* artefact : artefacts.all()) {
      if (artefact->compiled && !artefact->name.empty()) views_.push_back(artefact);
    }
  }

  /// All of that name, case aside.
  std::vector<const Artefact*> find(std::string_view name) const {
    std::vector<const Artefact*> found;
    for (const Artefact* const view : views_) {
      if (lower(view->name) == lower(name)) found.push_back(view);
    }
    return found;
  }
  std::string near(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const Artefact* const view : views_) names.push_back(view->name);
    return base::nearest_name(name, names);
  }

 private:
  std::vector<const Artefact*> views_;
};

}  // namespace

std::optional<Subject> query_over_views(sql::Statement statement, std::string name,
                                        const ArtefactRegistry& artefacts,
                                        std::vector<sql::Binding> bindings,
                                        const std::string& place, Problems& problems) {
  const NamedViews views(artefacts);
  sql::Query query{{}, std::move(statement), {}, std::move(bindings)};
  bool complete = true;
  const auto wrong = [&](const sql::Mention& table, ProblemCode code, Error error) {
    problems.add(code, place, query.statement.at(table.begin, std::move(error)));
    complete = false;
  };
  for (const sql::Mention& table : query.statement.tables()) {
    const bool known = std::any_of(
        query.labels.begin(), query.labels.end(),
        [&](const sql::Label& label) { return lower(label.name) == lower(table.name); });
    if (known) continue;
    const std::vector<const Artefact*> found = views.find(table.name);
    if (found.empty()) {
      wrong(table, ProblemCode::kUnknownView,
            Error(ErrorCode::kNotFound, "no view is named so: " + table.name)
                .with_suggestion(views.near(table.name)));
    } else if (found.size() > 1) {
      wrong(table, ProblemCode::kSameName,
            Error(ErrorCode::kInvalid, "several views are named so: " + table.name));
    } else if (!found[0]->compiled->view) {
      complete = false;
      for (const Error& error : found[0]->compiled->problems.errors) {
        problems.add(ProblemCode::kInvalidView, place, error.clone());
      }
    } else {
      query.labels.push_back({table.name, query.relations.size()});
      query.relations.push_back({found[0]->name, found[0]->compiled->view});
    }
  }
  if (!complete) return std::nullopt;
  return subject_of_query(std::make_shared<const sql::Query>(std::move(query)), std::move(name),
                          place, problems);
}

std::optional<Subject> subject_of_query(sql::QueryPtr query, std::string name,
                                        const std::string& place, Problems& problems) {
  auto described = sql::PreparedQuery::make(query, nullptr, table::Values::kText, {});
  if (!described.ok()) {
    const bool ours = described.error().code() != ErrorCode::kInvalid &&
                      described.error().code() != ErrorCode::kUsage &&
                      described.error().code() != ErrorCode::kUnsupported;
    problems.add(ours ? ProblemCode::kUnavailableData : ProblemCode::kInvalidQuery, place,
                 std::move(described).error());
    return std::nullopt;
  }
  Subject subject;
  subject.name = std::move(name);
  subject.place = place;
  subject.query = std::move(query);
  subject.columns = std::make_shared<const table::Schema>((*described)->schema());
  return subject;
}

}  // namespace kiln::plan
