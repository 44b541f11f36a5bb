#include "plan/resolver.h"

namespace kiln::plan {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kType = "ViewDefinition";

std::optional<Subject> subject_of(const Compilation& made, json::Value value,
                                  const std::string& place, Problems& problems) {
  if (made.view) return Subject{made.view->name(), made.view, std::string(value.raw()), place};
  for (const Error& error : made.problems.errors) {
    problems.add(ProblemCode::kInvalidView, place, error.clone());
  }
  return std::nullopt;
}

std::optional<Subject> published(const Artefact& artefact, std::string_view what,
                                 const std::string& place, Problems& problems) {
  if (!artefact.compiled) {
    problems.add(ProblemCode::kNoView, place,
                 Error(ErrorCode::kInvalid,
                       "not a ViewDefinition but a " + artefact.type + ": " + std::string(what)));
    return std::nullopt;
  }
  auto subject = subject_of(*artefact.compiled, artefact.value, place, problems);
  if (subject) subject->is_shared = true;
  return subject;
}

/// `what`: as it was named.
void add_unknown(std::string_view what, std::string near, const std::string& place,
                 Problems& problems) {
  problems.add(ProblemCode::kUnknownView, place,
               Error(ErrorCode::kNotFound, "no such ViewDefinition: " + std::string(what))
                   .with_suggestion(std::move(near)));
}

std::optional<Subject> find_id(const ArtefactRegistry& artefacts, std::string_view id,
                               std::string_view what, const std::string& place,
                               Problems& problems) {
  if (const Artefact* const artefact = artefacts.find_id(kType, id)) {
    return published(*artefact, what, place, problems);
  }
  add_unknown(what, artefacts.near_id(kType, id), place, problems);
  return std::nullopt;
}

}  // namespace

std::string_view local_reference(std::string_view reference, std::string_view own_base) {
  if (reference.starts_with(own_base) && reference.substr(own_base.size()).starts_with('/')) {
    reference.remove_prefix(own_base.size() + 1);
  }
  return reference;
}

std::optional<Subject> Resolver::by_id(std::string_view id, const std::string& place,
                                       Problems& problems) const {
  return find_id(*artefacts_, id, id, place, problems);
}

std::optional<Subject> Resolver::by_canonical(std::string_view canonical, const std::string& place,
                                              Problems& problems) const {
  if (const Artefact* const artefact = artefacts_->find_canonical(canonical)) {
    return published(*artefact, canonical, place, problems);
  }
  add_unknown(canonical, artefacts_->near_canonical(canonical), place, problems);
  return std::nullopt;
}

std::optional<Subject> Resolver::by_reference(std::string_view reference, const std::string& place,
                                              Problems& problems) const {
  const std::string_view local = local_reference(reference, own_base_);
  if (local.find("://") != std::string_view::npos) {
    problems.add(ProblemCode::kElsewhere, place,
                 Error(ErrorCode::kNotFound, "not on this server: " + std::string(local)));
    return std::nullopt;
  }
  const size_t slash = local.find('/');
  if (slash == std::string_view::npos)
    return find_id(*artefacts_, local, reference, place, problems);
  if (local.substr(0, slash) != kType) {
    problems.add(ProblemCode::kWrongReference, place,
                 Error(ErrorCode::kUsage,
                       "a reference to a ViewDefinition is needed, not " + std::string(local)));
    return std::nullopt;
  }
  return find_id(*artefacts_, local.substr(slash + 1), reference, place, problems);
}

std::optional<Subject> Resolver::given(const json::DocumentPtr& document, json::Value value,
                                       const std::string& place, Problems& problems) const {
  if (!view::is_view(value)) {
    const std::string type(value["resourceType"].text());
    problems.add(ProblemCode::kNoView, place,
                 Error(ErrorCode::kInvalid,
                       "a ViewDefinition is needed" + (type.empty() ? "" : ", not a " + type)));
    return std::nullopt;
  }
  return subject_of(compile_view(document, value, options_), value, place, problems);
}

}  // namespace kiln::plan
