#include "plan/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "plan/cohort.h"
#include "sql/view_tables.h"

namespace kiln::plan {
namespace {

engine::Options options_of(const Rules& rules, const Execution& execution) {
  engine::Options options;
  options.pool = execution.pool;
  options.threads = execution.threads;
  options.skip_errors = rules.skip_errors;
  options.validate_full = rules.validate_full;
  options.lenient_casts = rules.lenient_casts;
  options.limit = rules.limit;
  options.reader = rules.reader;
  options.now = execution.now;
  options.memory = execution.memory;
  return options;
}

void add_missing(ProblemCode code, const std::string& kind, const std::vector<std::string>& names,
                 Problems& problems) {
  for (const std::string& name : names) {
    problems.add(code, kind,
                 base::Error(base::ErrorCode::kNotFound, "no such " + kind + ": " + name));
  }
}

engine::FilterSpec resolve(const FilterNames& names, const Rules& rules,
                           const dataset::Snapshot& data, const Execution& execution,
                           Problems& problems) {
  engine::FilterSpec filter;
  filter.since = names.since;
  if (!names.needs_cohort()) return filter;
  auto cohort =
      find_cohort(data, names.patients, names.groups, options_of(rules, execution), execution.stop);
  if (!cohort.ok()) {
    problems.add(ProblemCode::kUnavailableData, "", std::move(cohort).error());
    return filter;
  }
  add_missing(ProblemCode::kUnknownPatient, "patient", cohort->unknown_patients, problems);
  add_missing(ProblemCode::kUnknownGroup, "group", cohort->unknown_groups, problems);
  filter.patients = std::move(cohort->patients);
  return filter;
}

dataset::SnapshotPtr needed(const dataset::Snapshot& data, const std::vector<Subject>& subjects) {
  std::set<std::string> types;
  for (const Subject& subject : subjects) {
    if (subject.view) types.insert(subject.view->resource());
    if (!subject.query) continue;
    for (const sql::Relation& relation : subject.query->relations) {
      if (relation.view) types.insert(relation.view->resource());
    }
  }
  return dataset::narrow_snapshot(data, types);
}

}  // namespace

PlanPtr make_plan(Draft draft, const dataset::SnapshotPtr& data, Hold hold,
                  const Execution& execution, Problems& problems) {
  Plan plan;
  plan.filter = resolve(draft.filters, draft.rules, *data, execution, problems);
  const bool complete = std::all_of(draft.subjects.begin(), draft.subjects.end(),
                                    [](const Subject& subject) { return subject.complete(); });
  if (!complete || !problems.ok()) return nullptr;
  plan.subjects = std::move(draft.subjects);
  plan.layout = draft.layout;
  plan.layout.limited = plan.layout.limited || draft.rules.limit != UINT64_MAX;
  plan.rules = draft.rules;
  plan.fhir_version = draft.fhir_version;
  plan.data = hold == Hold::kNeeded ? needed(*data, plan.subjects) : data;
  return std::make_shared<const Plan>(std::move(plan));
}

namespace {

/// The rows of the views, in one pass.
base::Status run_views(const Plan& plan, const std::vector<engine::Output*>& outputs,
                       const engine::Options& options, const Execution& execution,
                       engine::Summary& all) {
  std::vector<engine::Subject> subjects;
  std::vector<size_t> places;
  for (size_t i = 0; i < plan.subjects.size(); ++i) {
    if (!plan.subjects[i].view) continue;
    subjects.push_back({plan.subjects[i].view.get(), outputs[i]});
    places.push_back(i);
  }
  if (subjects.empty()) return {};
  KILN_ASSIGN(engine::Summary summary,
              engine::run(*plan.data, subjects, options, execution.stop, execution.progress));
  for (size_t i = 0; i < places.size(); ++i) all.rows[places[i]] = summary.rows[i];
  engine::add(std::move(summary), all);
  return {};
}

base::Status run_query(const Plan& plan, size_t subject, engine::Output& output,
                       engine::Options options, const Execution& execution, engine::Summary& all) {
  options.limit = UINT64_MAX;  // the plan's is one of the query's rows
  const Subject& of = plan.subjects[subject];
  sql::ViewTables tables(*of.query, *plan.data, options, execution.stop, execution.progress);
  sql::QueryLimits limits = execution.query;
  limits.share = execution.memory;
  KILN_ASSIGN(all.rows[subject],
              execution.query_runner->run(*of.query, *of.columns, tables, limits, plan.rules.limit,
                                          execution.stop, output));
  engine::add(tables.take_summary(), all);
  return {};
}

}  // namespace

base::Result<engine::Summary> run(const Plan& plan, const std::vector<engine::Output*>& outputs,
                                  const Execution& execution) {
  engine::Options options = options_of(plan.rules, execution);
  options.filter = plan.filter;
  engine::Summary all;
  all.rows.resize(plan.subjects.size());
  KILN_TRY(run_views(plan, outputs, options, execution, all));
  for (size_t i = 0; i < plan.subjects.size(); ++i) {
    if (plan.subjects[i].query) {
      KILN_TRY(run_query(plan, i, *outputs[i], options, execution, all));
    }
  }
  return all;
}

}  // namespace kiln::plan
