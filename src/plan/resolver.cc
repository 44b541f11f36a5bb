#include "plan/resolver.h"

namespace kiln::plan {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kViewType = "ViewDefinition";
constexpr std::string_view kLibraryType = "Library";

/// For messages: "no such ViewDefinition", "a reference to a ViewDefinition".
std::string_view sought_types(Sought sought) {
  switch (sought) {
    case Sought::kView:
      return kViewType;
    case Sought::kQuery:
      return kLibraryType;
    case Sought::kViewOrSql:
      break;
  }
  return "ViewDefinition or Library";
}

std::string_view sought_kinds(Sought sought) {
  switch (sought) {
    case Sought::kView:
      return kViewType;
    case Sought::kQuery:
      return "SQLQuery";
    case Sought::kViewOrSql:
      break;
  }
  return "ViewDefinition, SQLQuery or SQLView";
}

std::optional<Subject> subject_of(const Artefact& artefact, bool is_shared,
                                  const std::string& place, Problems& problems) {
  std::string text(artefact.value.raw());
  if (artefact.library) {
    add_library_errors(*artefact.library, place, problems);
    return Subject{artefact.name,    nullptr, std::move(text), place, {}, is_shared,
                   artefact.library, {}};
  }
  const Compilation& made = *artefact.compiled;
  if (made.view) {
    return Subject{made.view->name(), made.view, std::move(text), place, {}, is_shared, {}, {}};
  }
  for (const Error& error : made.problems.errors) {
    problems.add(ProblemCode::kInvalidView, place, error.clone());
  }
  return std::nullopt;
}

}  // namespace

std::string_view local_reference(std::string_view reference, std::string_view own_base) {
  if (reference.starts_with(own_base) && reference.substr(own_base.size()).starts_with('/')) {
    reference.remove_prefix(own_base.size() + 1);
  }
  return reference;
}

void add_library_errors(const Library& library, const std::string& place, Problems& problems) {
  for (const Error& error : library.problems.errors) {
    problems.add(error.code() == ErrorCode::kInvalid ? ProblemCode::kInvalidLibrary
                                                     : ProblemCode::kUnreadable,
                 place, error.clone());
  }
}

bool Resolver::takes_type(std::string_view type) const {
  return sought_ == Sought::kView    ? type == kViewType
         : sought_ == Sought::kQuery ? type == kLibraryType
                                     : type == kViewType || type == kLibraryType;
}

bool Resolver::takes(const Artefact& artefact) const {
  if (!takes_type(artefact.type)) return false;
  if (artefact.type == kViewType) return true;
  return artefact.library &&
         (sought_ == Sought::kViewOrSql || artefact.library->kind == LibraryKind::kQuery);
}

/// `what`: as it was named.
std::optional<Subject> Resolver::found(const Artefact* artefact, std::string_view what,
                                       std::string near, const std::string& place,
                                       Problems& problems) const {
  if (artefact == nullptr) {
    problems.add(ProblemCode::kUnknownArtefact, place,
                 Error(ErrorCode::kNotFound,
                       "no such " + std::string(sought_types(sought_)) + ": " + std::string(what))
                     .with_suggestion(std::move(near)));
    return std::nullopt;
  }
  if (!takes(*artefact)) {
    problems.add(
        ProblemCode::kWrongKind, place,
        Error(ErrorCode::kInvalid, "not a " + std::string(sought_kinds(sought_)) + " but a " +
                                       kind_of(*artefact) + ": " + std::string(what)));
    return std::nullopt;
  }
  return subject_of(*artefact, true, place, problems);
}

std::optional<Subject> Resolver::find_id(std::string_view id, std::string_view what,
                                         const std::string& place, Problems& problems) const {
  const Artefact* const view = takes_type(kViewType) ? artefacts_->find_id(kViewType, id) : nullptr;
  const Artefact* const library =
      takes_type(kLibraryType) ? artefacts_->find_id(kLibraryType, id) : nullptr;
  if (view != nullptr && library != nullptr) {
    problems.add(ProblemCode::kWrongReference, place,
                 Error(ErrorCode::kUsage,
                       "both a ViewDefinition and a Library have the id: " + std::string(what)));
    return std::nullopt;
  }
  const Artefact* const artefact = view != nullptr ? view : library;
  std::string near;
  for (const std::string_view type : {kViewType, kLibraryType}) {
    if (artefact == nullptr && near.empty() && takes_type(type)) {
      near = artefacts_->near_id(type, id);
    }
  }
  return found(artefact, what, std::move(near), place, problems);
}

std::optional<Subject> Resolver::by_id(std::string_view id, const std::string& place,
                                       Problems& problems) const {
  return find_id(id, id, place, problems);
}

std::optional<Subject> Resolver::by_canonical(std::string_view canonical, const std::string& place,
                                              Problems& problems) const {
  const CanonicalIndex& canonicals = artefacts_->canonicals();
  const Artefact* const artefact = canonicals.find(canonical);
  return found(artefact, canonical, artefact == nullptr ? canonicals.near(canonical) : "", place,
               problems);
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
  if (slash == std::string_view::npos) return find_id(local, reference, place, problems);
  const std::string_view type = local.substr(0, slash), id = local.substr(slash + 1);
  if (!takes_type(type)) {
    problems.add(ProblemCode::kWrongReference, place,
                 Error(ErrorCode::kUsage, "a reference to a " + std::string(sought_types(sought_)) +
                                              " is needed, not " + std::string(local)));
    return std::nullopt;
  }
  const Artefact* const artefact = artefacts_->find_id(type, id);
  return found(artefact, reference, artefact == nullptr ? artefacts_->near_id(type, id) : "", place,
               problems);
}

std::optional<Subject> Resolver::given(const json::DocumentPtr& document, json::Value value,
                                       const std::string& place, Problems& problems) const {
  std::string found;
  if (const std::string_view type = artefact_type(value); takes_type(type)) {
    Artefact artefact = artefact_of(document, value);
    make_ready(artefact, options_, Origin::kGiven);
    if (takes(artefact)) return subject_of(artefact, false, place, problems);
    found = kind_of(artefact);
  } else {
    found = type.empty() ? value["resourceType"].text() : type;
  }
  problems.add(ProblemCode::kWrongKind, place,
               Error(ErrorCode::kInvalid, "a " + std::string(sought_kinds(sought_)) + " is needed" +
                                              (found.empty() ? "" : ", not a " + found)));
  return std::nullopt;
}

}  // namespace kiln::plan
