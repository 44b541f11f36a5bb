#include "api/input/view_subject.h"

#include "api/issue/plan_issues.h"

namespace kiln::api {

ViewSubjects::ViewSubjects(const Service& service, const net::Request& request, Issues& issues)
    : service_(service),
      request_(request),
      issues_(issues),
      resolver_(service.artefacts.current(), service.options.base_url,
                {service.options.fhir_version, request.stop}) {}

/// What `find` finds with the resolver; its problems are the request's.
template <typename Find>
std::optional<plan::Subject> ViewSubjects::find(Find find) const {
  plan::Problems found;
  auto subject = find(found);
  add_issues(found, service_, request_, issues_);
  return subject;
}

std::optional<plan::Subject> ViewSubjects::of_url(std::string_view id,
                                                  const OperationInput& input) const {
  if (input.bare) {
    issues_.add(IssueCode::kInvalid, "", "the view is named by the URL, not by the body");
  }
  return find([&](plan::Problems& found) { return resolver_.by_id(id, "", found); });
}

std::optional<plan::Subject> ViewSubjects::of_body(const OperationInput& input) const {
  return find([&](plan::Problems& found) {
    return resolver_.given(input.document, input.bare, "", found);
  });
}

std::optional<plan::Subject> ViewSubjects::named(const ViewNaming& naming) const {
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

std::optional<plan::Subject> ViewSubjects::given(const Parameter& parameter) const {
  const json::Value resource = parameter.resource;
  if (!resource.is_object()) {
    issues_.add(IssueCode::kInvalid, parameter.expression,
                "'" + parameter.name + "' needs a resource");
    return std::nullopt;
  }
  // The document of a request lives as long as its parameters; a view keeps its own.
  auto document = json::Document::parse(std::string(resource.raw()), parameter.expression);
  if (!document.ok()) {
    issues_.add(issue_of(document.error(), parameter.expression));
    return std::nullopt;
  }
  return find([&](plan::Problems& found) {
    return resolver_.given(*document, (*document)->root(), parameter.expression, found);
  });
}

}  // namespace kiln::api
