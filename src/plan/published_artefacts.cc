#include "plan/published_artefacts.h"

namespace kiln::plan {

std::string ViewsCheck::text() const {
  static constexpr size_t kMostNamed = 10;
  std::string text = std::to_string(views) + (views == 1 ? " view" : " views");
  if (broken.empty()) return text;
  text += ", " + std::to_string(broken.size()) + " broken: ";
  for (size_t i = 0; i < broken.size() && i < kMostNamed; ++i) {
    text += (i == 0 ? "" : ", ") + broken[i].id + " (" + broken[i].error.to_string() + ")";
  }
  if (broken.size() > kMostNamed) text += ", …";
  return text;
}

ViewsCheck check_views(const ArtefactRegistry& artefacts, const view::CompileOptions& options) {
  ViewsCheck check;
  for (const Artefact* const artefact : artefacts.all()) {
    if (artefact->type != "ViewDefinition") continue;
    ++check.views;
    view::Problems problems;
    const view::ViewDefinition definition =
        view::read_view(artefact->document, artefact->value, problems);
    if (problems.ok() && view::CompiledView::compile(definition, options, problems)) continue;
    check.broken.push_back({artefact->id, std::move(problems.errors.front())});
  }
  return check;
}

}  // namespace kiln::plan
