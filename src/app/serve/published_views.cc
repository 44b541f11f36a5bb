#include "app/serve/published_views.h"

#include <algorithm>
#include <filesystem>

#include "app/data_options.h"
#include "dataset/catalog.h"

namespace kiln::app {
namespace {

/// Whether a data file's name promises ViewDefinitions or Libraries: to read all of the data for
/// them would take long.
bool has_artefacts(const dataset::Input& input) {
  const std::string name = std::filesystem::path(input.path).filename().string();
  if (!name.ends_with(".ndjson") && !name.ends_with(".json")) return false;
  const std::string stem = name.substr(0, name.find_first_of(".-_"));
  return stem == "ViewDefinition" || stem == "Library";
}

/// Artefacts from --views, and from the data.
base::Result<plan::ArtefactsPtr> load_artefacts(const ServeOptions& options,
                                                const std::shared_ptr<base::Patience>& patience) {
  auto artefacts = std::make_shared<plan::ArtefactRegistry>(options.fhir_version, patience);
  for (const std::string& path : options.views) KILN_TRY(artefacts->load(path));
  KILN_ASSIGN(const auto inputs,
              dataset::find_inputs_in_time(options.data, fhir::is_resource_type, *patience));
  for (const dataset::Input& input : inputs.files) {
    if (has_artefacts(input)) KILN_TRY(artefacts->load(input.path));
  }
  return plan::ArtefactsPtr(std::move(artefacts));
}

bool holds(const plan::ViewsCheck& check, const std::string& id) {
  return std::any_of(check.broken.begin(), check.broken.end(),
                     [&](const auto& one) { return one.id == id; });
}

void log_check(base::Logger& log, const plan::ViewsCheck& check) {
  check.broken.empty() ? log.info(check.text()) : log.warning(check.text());
}

}  // namespace

base::Result<std::unique_ptr<PublishedViews>> PublishedViews::load(const ServeOptions& options) {
  if (std::any_of(options.views.begin(), options.views.end(), names_standard_input)) {
    return base::Error(base::ErrorCode::kUsage, "a server cannot publish standard input");
  }
  auto patience = std::make_shared<base::Patience>();
  KILN_ASSIGN(auto artefacts, load_artefacts(options, patience));
  return std::unique_ptr<PublishedViews>(
      new PublishedViews(options, std::move(patience), std::move(artefacts)));
}

PublishedViews::PublishedViews(const ServeOptions& options,
                               std::shared_ptr<base::Patience> patience,
                               plan::ArtefactsPtr artefacts)
    : options_(options),
      patience_(std::move(patience)),
      check_(plan::check_views(*artefacts)),
      published_(std::move(artefacts)) {}

void PublishedViews::log_state(base::Logger& log) const { log_check(log, check_); }

void PublishedViews::reload(base::Logger& log) {
  static constexpr const char* kRefused = "the views are not reloaded, the old ones stay";
  auto artefacts = load_artefacts(options_, patience_);
  if (!artefacts.ok()) {
    log.error(kRefused, {{"error", artefacts.error().to_string()}});
    return;
  }
  plan::ViewsCheck check = plan::check_views(**artefacts);
  for (const auto& broken : check.broken) {
    if (holds(check_, broken.id)) continue;
    log.error(kRefused, {{"view", broken.id}, {"error", broken.error.to_string()}});
    return;
  }
  check_ = std::move(check);
  published_.publish(std::move(artefacts).value());
  log.info("the views are reloaded");
  log_check(log, check_);
}

}  // namespace kiln::app
