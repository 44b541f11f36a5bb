#include "plan/published_artefacts.h"

namespace kiln::plan {

std::string ViewsCheck::text() const {
  static constexpr size_t kMostNamed = 10;
  std::string text = std::to_string(views) + (views == 1 ? " view" : " views");
  if (libraries != 0) {
    text += ", " + std::to_string(libraries) + (libraries == 1 ? " library" : " libraries");
  }
  if (broken.empty()) return text;
  text += ", " + std::to_string(broken.size()) + " broken: ";
  for (size_t i = 0; i < broken.size() && i < kMostNamed; ++i) {
    text += (i == 0 ? "" : ", ") + broken[i].id + " (" + broken[i].error.to_string() + ")";
  }
  if (broken.size() > kMostNamed) text += ", …";
  return text;
}

ViewsCheck check_views(const ArtefactRegistry& artefacts) {
  ViewsCheck check;
  for (const Artefact* const artefact : artefacts.all()) {
    if (artefact->compiled) {
      ++check.views;
      if (artefact->compiled->view) continue;
      check.broken.push_back({artefact->id, artefact->compiled->problems.errors.front().clone()});
    } else if (artefact->library) {
      ++check.libraries;
      if (artefact->library->ok()) continue;
      check.broken.push_back(
          {"Library/" + artefact->id, artefact->library->problems.errors.front().clone()});
    }
  }
  return check;
}

}  // namespace kiln::plan
