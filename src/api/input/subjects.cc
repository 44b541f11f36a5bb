#include "api/input/subjects.h"

#include "api/issue/plan_issues.h"
#include "plan/query_subject.h"

namespace kiln::api {
namespace {

constexpr std::string_view kParameter = "parameter";  ///< a value, as BI clients send it

}  // namespace

Subjects::Subjects(const OperationFamily& family, const OperationInput& input,
                   const Service& service, const net::Request& request, Issues& issues)
    : family_(family),
      input_(input),
      service_(service),
      request_(request),
      issues_(issues),
      resolver_(service.artefacts.current(), service.options.base_url,
                {service.options.fhir_version, request.stop}, family.sought),
      graph_(service.artefacts.current(), service.options.base_url,
             {service.options.fhir_version, request.stop}, service.options.graph) {
  for (const std::string_view name : family.contexts) {
    for (const Parameter* const context : input.all(name)) {
      const auto document = own_document(*context);
      if (!document.ok()) continue;
      plan::Problems found;
      graph_.add_context(*document, (*document)->root(), context->expression, found);
      add_issues(found, service_, request_, issues_);
    }
  }
}

/// What `find` finds; its problems are the request's.
template <typename Find>
std::optional<plan::Subject> Subjects::find(Find find) {
  plan::Problems found;
  auto subject = find(found);
  add_issues(found, service_, request_, issues_);
  all_found_ = all_found_ && subject.has_value();
  return subject;
}

std::optional<plan::Subject> Subjects::of_url(std::string_view id) {
  if (input_.bare) {
    issues_.add(IssueCode::kInvalid, "",
                "the " + std::string(family_.subject) + " is named by the URL, not by the body");
  }
  return find([&](plan::Problems& found) { return resolver_.by_id(id, "", found); });
}

std::optional<plan::Subject> Subjects::of_body() {
  return find([&](plan::Problems& found) {
    return resolver_.given(input_.document, input_.bare, "", found);
  });
}

std::optional<plan::Subject> Subjects::named(const Naming& naming) {
  if (naming.resource != nullptr) return given(*naming.resource);
  if (naming.canonical != nullptr) {
    const auto canonical = string_of(*naming.canonical, issues_);
    if (!canonical) return std::nullopt;
    return find([&](plan::Problems& found) {
      return resolver_.by_canonical(*canonical, naming.canonical->expression, found);
    });
  }
  const auto reference = reference_of(*naming.reference, issues_);
  if (!reference) return std::nullopt;
  return find([&](plan::Problems& found) {
    return resolver_.by_reference(*reference, naming.reference->expression, found);
  });
}

/// The document of a request lives as long as its parameters; an artefact keeps its own.
base::Result<json::DocumentPtr> Subjects::own_document(const Parameter& parameter) {
  const json::Value resource = parameter.resource;
  if (!resource.is_object()) {
    issues_.add(IssueCode::kInvalid, parameter.expression,
                "'" + parameter.name + "' needs a resource");
    return base::Error(base::ErrorCode::kUsage, "no resource");
  }
  auto document = json::Document::parse(std::string(resource.raw()), parameter.expression);
  if (!document.ok()) issues_.add(issue_of(document.error(), parameter.expression));
  return document;
}

std::optional<plan::Subject> Subjects::given(const Parameter& parameter) {
  const auto document = own_document(parameter);
  if (!document.ok()) {
    all_found_ = false;
    return std::nullopt;
  }
  return find([&](plan::Problems& found) {
    return resolver_.given(*document, (*document)->root(), parameter.expression, found);
  });
}

std::vector<plan::GivenValue> Subjects::values_of(const Parameter* parameters,
                                                  const std::vector<Parameter>& beside,
                                                  const std::string& place, plan::Problems& found) {
  std::vector<plan::GivenValue> values;
  if (parameters != nullptr) values = plan::given_values(parameters->resource, place, found);
  for (const Parameter& one : beside) {
    if (one.name != kParameter) continue;
    plan::GivenValue value;
    value.path = one.expression;
    for (const Parameter& part : one.parts) {
      if (part.name == "name") value.name = string_of(part, issues_).value_or("");
      if (part.name == "value") value.holder = part.object;
    }
    values.push_back(std::move(value));
  }
  return values;
}

void Subjects::complete(plan::Subject& subject, const Parameter* parameters,
                        const std::vector<Parameter>& beside) {
  const std::string place = parameters != nullptr ? parameters->expression : "parameters";
  if (!subject.library) {
    if (subject.view && parameters != nullptr) {
      issues_.add(IssueCode::kInvalid, place, "a ViewDefinition takes no 'parameters'");
    }
    return;
  }
  plan::Problems found;
  const std::vector<plan::GivenValue> values = values_of(parameters, beside, place, found);
  std::vector<sql::Binding> bindings = plan::bind_values(*subject.library, values, place, found);
  subject.query = graph_.query(subject, std::move(bindings), found);
  if (subject.query && found.ok()) {
    const ServiceOptions& options = service_.options;
    plan::describe_query(subject, found, *options.query_runner, options.run_query, request_.stop);
  }
  add_issues(found, service_, request_, issues_);
}

void Subjects::check_contexts() {
  if (!all_found_) return;
  plan::Problems found;
  graph_.check_context(found);
  add_issues(found, service_, request_, issues_);
}

}  // namespace kiln::api
