#include "api/run/run.h"

#include "api/input/common_parameters.h"
#include "api/input/subjects.h"
#include "api/issue/fault.h"
#include "api/issue/plan_issues.h"
#include "api/run/row_body.h"
#include "dataset/text_source.h"
#include "json/minify.h"

namespace kiln::api {
namespace {

std::set<std::string_view> known_names(const OperationFamily& family) {
  std::set<std::string_view> names = {
      "_format",        "header",         "patient",       "group",      "_since",  "_limit",
      family.canonical, family.reference, family.resource, "parameters", "resource"};
  names.insert(family.contexts.begin(), family.contexts.end());
  if (family.takes_sql()) names.insert("parameter");
  return names;
}

/// An issue with the parameters that name the subject.
Issue issue_of_naming(IssueCode code, std::vector<std::string> forms, std::string text) {
  Issue issue{code, std::move(text), ""};
  if (forms.empty()) return issue;
  issue.expression = std::move(forms.front());
  issue.more.assign(forms.begin() + 1, forms.end());
  return issue;
}

/// Those that the client has used.
std::vector<std::string> named_forms(const Naming& naming) {
  std::vector<std::string> forms;
  for (const Parameter* const form : {naming.canonical, naming.reference, naming.resource}) {
    if (form != nullptr) forms.push_back(form->expression);
  }
  return forms;
}

std::string either(const OperationFamily& family) {
  return std::string(family.canonical) + ", " + std::string(family.reference);
}

/// The rules about how the subject is named, then the subject.
std::optional<plan::Subject> read_subject(const OperationFamily& family,
                                          const OperationInput& input,
                                          const std::optional<std::string>& id, Subjects& subjects,
                                          Issues& issues) {
  const std::string_view kForms[] = {family.canonical, family.reference, family.resource};
  if (id) {
    for (const std::string_view form : kForms) {
      if (only(input, form, issues) != nullptr) {
        issues.add(IssueCode::kInvalid, std::string(form),
                   "the " + std::string(family.subject) + " is named by the URL, not by '" +
                       std::string(form) + "'");
      }
    }
    return subjects.of_url(*id);
  }
  const Naming naming{only(input, kForms[0], issues), only(input, kForms[1], issues),
                      only(input, kForms[2], issues)};
  const size_t forms = naming.count() + (input.bare ? 1 : 0);
  if (forms == 0) {
    issues.add(issue_of_naming(IssueCode::kRequired, {std::begin(kForms), std::end(kForms)},
                               "which " + std::string(family.subject) + "? " + either(family) +
                                   " or " + std::string(family.resource) + " is needed"));
    return std::nullopt;
  }
  if (forms > 1) {
    issues.add(
        issue_of_naming(IssueCode::kInvalid, named_forms(naming),
                        "only one of " + either(family) + " and " + std::string(family.resource)));
    return std::nullopt;
  }
  return input.bare ? subjects.of_body() : subjects.named(naming);
}

uint64_t read_limit(const OperationInput& input, Issues& issues) {
  const Parameter* const parameter = only(input, "_limit", issues);
  if (parameter == nullptr) return UINT64_MAX;
  const auto limit = integer_of(*parameter, issues);
  if (limit && *limit > 0) return static_cast<uint64_t>(*limit);
  if (limit) issues.add(IssueCode::kInvalid, "_limit", "'_limit' must be a positive integer");
  return 0;
}

/// The resources that the request brings along as lines; nothing if it has none.
std::optional<std::string> read_resources(const OperationInput& input, Issues& issues) {
  const auto parameters = input.all("resource");
  if (parameters.empty()) return std::nullopt;
  std::string lines;
  std::string line;
  const auto add = [&](json::Value resource) {
    if (resource["resourceType"].text().empty()) {
      issues.add(IssueCode::kInvalid, "resource", "not a resource: no resourceType");
      return;
    }
    json::minify(resource.raw(), line);
    (lines += line) += '\n';
  };
  for (const Parameter* const parameter : parameters) {
    const json::Value resource = parameter->resource;
    lines.reserve(lines.size() + resource.raw().size() + 1);
    if (!resource.is_object()) {
      issues.add(IssueCode::kInvalid, "resource", "'resource' needs a resource in the body");
    } else if (resource["resourceType"].text() == "Bundle") {
      for (const json::Value entry : resource["entry"].items()) {
        if (!entry["resource"].missing()) add(entry["resource"]);
      }
    } else {
      add(resource);
    }
  }
  return lines;
}

/// What was asked for, on its way from the parameters to its rows.
struct Run {
  Issues issues;
  plan::Draft draft;
  Representation representation;
  std::optional<std::string> resources;
};

/// What a subject of that kind does not take.
void check_parameters(const OperationFamily& family, const OperationInput& input,
                      const plan::Subject* subject, Issues& issues) {
  const bool of_query = subject != nullptr ? !subject->view : !family.takes_views();
  if (of_query && !input.all("resource").empty()) {
    issues.add(IssueCode::kInvalid, "resource", "a query takes no 'resource'");
  }
  if (!family.takes_sql() && !input.all("parameters").empty()) {
    issues.add(IssueCode::kInvalid, "parameters", "a ViewDefinition takes no 'parameters'");
  }
}

/// Everything that the request alone can tell.
Run read_run(const OperationFamily& family, const Service& service, const net::Request& request,
             const std::optional<std::string>& id) {
  Run run;
  Issues& issues = run.issues;
  plan::Draft& draft = run.draft = new_draft(service.options);
  const OperationInput input = read_operation_input(request, issues, service.options.memory);
  check_names(input.parameters, known_names(family), issues);
  if (!family.takes_sql()) check_parameters(family, input, nullptr, issues);
  const auto format = read_format(input, true, issues);
  draft.layout.text.header = read_header(input, issues);
  draft.rules.limit = read_limit(input, issues);
  draft.filters = read_filters(input, service, issues);
  run.resources = read_resources(input, issues);
  const auto representation = negotiate(format, request.headers, issues,
                                        family.takes_views() ? Bare::kByAccept : Bare::kJson);
  if (!input.readable) return run;
  if (representation) run.representation = *representation;
  draft.layout.format = run.representation.format;
  Subjects subjects(family, input, service, request, issues);
  auto subject = read_subject(family, input, id, subjects, issues);
  if (family.takes_sql()) check_parameters(family, input, subject ? &*subject : nullptr, issues);
  if (!subject) return run;
  if (family.takes_sql()) {
    subjects.complete(*subject, only(input, "parameters", issues), input.parameters);
    subjects.check_contexts();
  }
  draft.subjects.push_back(std::move(*subject));
  plan::Problems found;
  plan::check_format(draft.layout.format, draft.subjects, found);
  add_issues(found, service, request, issues);
  return run;
}

/// The filters against the data, then the rows.
net::Response answer(const Service& service, const net::Request& request, Run run) {
  auto data = run.resources
                  ? dataset::snapshot_of_lines(std::move(*run.resources), service.options.memory)
                  : open_data(service);
  if (!data.ok()) return fault_response(service, request, "data cannot be opened", data.error());
  plan::PlanPtr plan =
      make_plan(std::move(run.draft), *data, plan::Hold::kAll, service, request, run.issues);
  if (!plan) return outcome_response(run.issues);
  return row_response({request.id, std::move(plan), run.representation}, service);
}

}  // namespace

net::Response run(const OperationFamily& family, const Service& service,
                  const net::Request& request, const std::optional<std::string>& id) {
  return answer(service, request, read_run(family, service, request, id));
}

}  // namespace kiln::api
