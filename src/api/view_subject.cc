#include "api/view_subject.h"

#include "api/plan_problem.h"

namespace kiln::api {

ViewSubjects::ViewSubjects(const Service& service, const net::Request& request, Problems& problems)
    : service_(service),
      request_(request),
      problems_(problems),
      resolver_(service.artefacts.current(), service.options.base_url,
                {service.options.fhir_version, request.stop}) {}

/// What `find` finds with the resolver; its problems are the request's.
template <typename Find>
std::optional<plan::Subject> ViewSubjects::find(Find find) const {
  plan::Problems found;
  auto subject = find(found);
  add_problems(found, service_, request_, problems_);
  return subject;
}

std::optional<plan::Subject> ViewSubjects::of_url(std::string_view id,
                                                  const OperationInput& input) const {
  if (input.bare) {
    problems_.add(ProblemCode::kInvalid, "", "the view is named by the URL, not by the body");
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
    const auto canonical = text_of(*naming.canonical, problems_);
    if (!canonical) return std::nullopt;
    return find([&](plan::Problems& found) {
      return resolver_.by_canonical(*canonical, naming.canonical->expression, found);
    });
  }
  const auto reference = reference_of(*naming.reference, problems_);
  if (!reference) return std::nullopt;
  return find([&](plan::Problems& found) {
    return resolver_.by_reference(*reference, naming.reference->expression, found);
  });
}

std::optional<plan::Subject> ViewSubjects::given(const Parameter& parameter) const {
  const json::Value resource = parameter.resource;
  if (!resource.is_object()) {
    problems_.add(ProblemCode::kInvalid, parameter.expression,
                  "'" + parameter.name + "' needs a resource");
    return std::nullopt;
  }
  // The document of a request lives as long as its parameters; a view keeps its own.
  auto document = json::Document::parse(std::string(resource.raw()), parameter.expression);
  if (!document.ok()) {
    problems_.add(problem_of(document.error(), parameter.expression));
    return std::nullopt;
  }
  return find([&](plan::Problems& found) {
    return resolver_.given(*document, (*document)->root(), parameter.expression, found);
  });
}

}  // namespace kiln::api
