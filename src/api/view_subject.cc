#include "api/view_subject.h"

#include "api/common_parameters.h"

namespace kiln::api {
namespace {

/// The compiler's errors, each an issue about the parameter that named the view.
void add_view_errors(const view::Problems& errors, const std::string& expression,
                     Problems& problems) {
  for (const base::Error& error : errors.errors) {
    const std::string where = error.path().empty() ? "" : error.path() + ": ";
    problems.add(ProblemCode::kInvalidArtefact, expression,
                 "invalid ViewDefinition: " + where + full_text(error));
  }
}

std::optional<ViewSubject> subject_of(const plan::Compilation& made, json::Value value,
                                      const std::string& expression, Problems& problems) {
  if (!made.view) {
    add_view_errors(made.problems, expression, problems);
    return std::nullopt;
  }
  return ViewSubject{made.view->name(), made.view, std::string(value.raw()), expression};
}

/// `near` tells what may have been meant if there is no such artefact.
template <typename Near>
std::optional<ViewSubject> published(const plan::Artefact* artefact, const std::string& what,
                                     Near near, const std::string& expression, Problems& problems) {
  if (artefact == nullptr) {
    problems.add(ProblemCode::kUnknown, expression,
                 "no such ViewDefinition: " + what + suggestion_text(near()));
    return std::nullopt;
  }
  if (artefact->type != "ViewDefinition") {
    problems.add(ProblemCode::kInvalidArtefact, expression,
                 "not a ViewDefinition but a " + artefact->type + ": " + what);
    return std::nullopt;
  }
  return subject_of(*artefact->compiled, artefact->value, expression, problems);
}

std::optional<ViewSubject> published_by_id(std::string_view id, const std::string& what,
                                           const plan::ArtefactRegistry& artefacts,
                                           const std::string& expression, Problems& problems) {
  static constexpr std::string_view kType = "ViewDefinition";
  return published(
      artefacts.find_id(kType, id), what, [&] { return artefacts.near_id(kType, id); }, expression,
      problems);
}

/// The id in "ViewDefinition/ID", "ID" or an absolute URL below ours; nothing, with a problem, if
/// it refers to something else.
std::optional<std::string> id_of_reference(std::string_view reference,
                                           const std::string& expression, const Service& service,
                                           Problems& problems) {
  reference = local_reference(reference, service);
  if (reference.find("://") != std::string_view::npos) {
    problems.add(ProblemCode::kUnknown, expression,
                 "not on this server: " + std::string(reference));
    return std::nullopt;
  }
  const size_t slash = reference.find('/');
  if (slash == std::string_view::npos) return std::string(reference);
  if (reference.substr(0, slash) != "ViewDefinition") {
    problems.add(ProblemCode::kInvalid, expression,
                 "a reference to a ViewDefinition is needed, not " + std::string(reference));
    return std::nullopt;
  }
  return std::string(reference.substr(slash + 1));
}

}  // namespace

std::optional<ViewSubject> inline_view(const json::DocumentPtr& document, json::Value value,
                                       const std::string& expression, const Service& service,
                                       const net::Request& request, Problems& problems) {
  if (!view::is_view(value)) {
    const std::string type(value["resourceType"].text());
    problems.add(ProblemCode::kInvalidArtefact, expression,
                 "a ViewDefinition is needed" + (type.empty() ? "" : ", not a " + type));
    return std::nullopt;
  }
  const view::CompileOptions options{service.options.fhir_version, request.stop};
  return subject_of(plan::compile_view(document, value, options), value, expression, problems);
}

std::optional<ViewSubject> view_of_url(std::string_view id, const OperationInput& input,
                                       const Service& service, Problems& problems) {
  if (input.bare) {
    problems.add(ProblemCode::kInvalid, "", "the view is named by the URL, not by the body");
  }
  return published_by_id(id, std::string(id), *service.artefacts.current(), "", problems);
}

std::optional<ViewSubject> resolve_view(const ViewNaming& naming,
                                        const plan::ArtefactRegistry& artefacts,
                                        const Service& service, const net::Request& request,
                                        Problems& problems) {
  if (naming.resource != nullptr) {
    const Parameter& parameter = *naming.resource;
    const json::Value resource = parameter.resource;
    if (!resource.is_object()) {
      problems.add(ProblemCode::kInvalid, parameter.expression,
                   "'" + parameter.name + "' needs a resource");
      return std::nullopt;
    }
    // The document of a request lives as long as its parameters; a view keeps its own.
    auto document = json::Document::parse(std::string(resource.raw()), parameter.expression);
    if (!document.ok()) {
      problems.add(problem_of(document.error(), parameter.expression));
      return std::nullopt;
    }
    return inline_view(*document, (*document)->root(), parameter.expression, service, request,
                       problems);
  }
  if (naming.canonical != nullptr) {
    const auto canonical = text_of(*naming.canonical, problems);
    if (!canonical) return std::nullopt;
    return published(
        artefacts.find_canonical(*canonical), *canonical,
        [&] { return artefacts.near_canonical(*canonical); }, naming.canonical->expression,
        problems);
  }
  const auto reference = reference_of(*naming.reference, problems);
  if (!reference) return std::nullopt;
  const auto id = id_of_reference(*reference, naming.reference->expression, service, problems);
  if (!id) return std::nullopt;
  return published_by_id(*id, *reference, artefacts, naming.reference->expression, problems);
}

}  // namespace kiln::api
