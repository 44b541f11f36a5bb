#include "plan/artefacts.h"

#include <algorithm>
#include <filesystem>

#include "base/near_name.h"
#include "plan/view_source.h"

namespace kiln::plan {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string_view artefact_type(json::Value value) {
  if (view::is_view(value)) return "ViewDefinition";
  return value["resourceType"].text() == "Library" ? "Library" : "";
}

Artefact artefact_of(const json::DocumentPtr& document, json::Value value) {
  const auto text = [&](std::string_view key) { return std::string(value[key].text()); };
  return {std::string(artefact_type(value)),
          text("id"),
          text("url"),
          text("version"),
          text("name"),
          text("status"),
          document,
          value};
}

void make_ready(Artefact& artefact, const view::CompileOptions& options, Origin origin) {
  if (artefact.type == "ViewDefinition") {
    artefact.compiled =
        std::make_shared<Compilation>(compile_view(artefact.document, artefact.value, options));
  } else if (origin == Origin::kGiven || is_sql_library(artefact.value)) {
    artefact.library = read_library(artefact.document, artefact.value, origin);
  }
}

std::string kind_of(const Artefact& artefact) {
  return artefact.library ? std::string(name_of(artefact.library->kind)) : artefact.type;
}

base::Result<std::vector<ArtefactRegistry::Found>> ArtefactRegistry::find_files(
    const std::string& path, base::Patience::Look& look) {
  std::vector<std::string> paths;
  std::error_code code;
  if (fs::is_directory(path, code)) {
    for (fs::directory_iterator entry(path, code), end; !code && entry != end;
         entry.increment(code)) {
      std::string file = entry->path().string();
      look.at(file);
      if (file.ends_with(".json") || file.ends_with(".ndjson")) paths.push_back(std::move(file));
    }
    if (code) return base::io_error("cannot read the folder " + path, code.value());
    std::sort(paths.begin(), paths.end());
  } else {
    paths.push_back(path);
  }
  std::vector<Found> files;
  for (std::string& file : paths) {
    look.at(file);
    std::string real = fs::weakly_canonical(file, code).string();
    if (code) real.clear();
    files.push_back({std::move(file), std::move(real)});
  }
  return files;
}

base::Status ArtefactRegistry::load(const std::string& path, Same same) {
  KILN_ASSIGN(const std::vector<Found> files,
              patience_->run<std::vector<Found>>(
                  path, [path](base::Patience::Look& look) { return find_files(path, look); }));
  for (const Found& file : files) {
    if (!file.real.empty() && !files_.insert(file.real).second) continue;
    KILN_TRY(load_file(file.path, same));
  }
  return {};
}

base::Status ArtefactRegistry::add_file(const std::string& path,
                                        const json::DocumentPtr& document) {
  std::error_code code;
  const std::string real = fs::weakly_canonical(path, code).string();
  if (!code && path != "-") files_.insert(real);
  return add_document(document, stem_of(path), Same::kError);
}

base::Status ArtefactRegistry::load_file(const std::string& path, Same same) {
  const ReadRules rules{base::SpecialFiles::kRefused, patience_.get()};
  if (!path.ends_with(".ndjson")) {
    KILN_ASSIGN(const json::DocumentPtr document, read_document(path, rules));
    return add_document(document, stem_of(path), same);
  }
  KILN_ASSIGN(const std::string text, read_text(path, rules));
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    KILN_ASSIGN(const json::DocumentPtr document,
                json::Document::parse(std::move(line), path + ":" + std::to_string(number)));
    KILN_TRY(add_document(document, stem_of(path) + "-" + std::to_string(number), same));
  }
  return {};
}

base::Status ArtefactRegistry::add_document(const json::DocumentPtr& document,
                                            const std::string& stem, Same same) {
  const json::Value root = document->root();
  if (root["resourceType"].text() != "Bundle") return add(document, root, stem, same);
  size_t number = 0;
  for (const json::Value entry : root["entry"].items()) {
    KILN_TRY(add(document, entry["resource"], stem + "-" + std::to_string(++number), same));
  }
  return {};
}

base::Status ArtefactRegistry::add(const json::DocumentPtr& document, json::Value value,
                                   const std::string& stem, Same same) {
  const std::string_view type = artefact_type(value);
  if (type.empty()) return {};
  auto artefact = std::make_unique<Artefact>(artefact_of(document, value));
  if (artefact->id.empty()) artefact->id = stem;
  const auto clash = [&](const Artefact& other, const std::string& what) -> base::Status {
    if (same == Same::kPassedOver) return {};
    return base::Error(base::ErrorCode::kInvalid, "two artefacts with the same " + what +
                                                      "; the other one is in " +
                                                      other.document->source())
        .at(value.position());
  };
  if (const Artefact* const other = find_id(type, artefact->id)) {
    return clash(*other, "id: " + artefact->type + "/" + artefact->id);
  }
  if (const Artefact* const other = canonicals_.same_as(*artefact)) {
    return clash(*other, "url and version: " + artefact->url + "|" + artefact->version);
  }
  make_ready(*artefact, {version_}, Origin::kPublished);
  canonicals_.add(*artefact);
  by_id_.emplace(std::pair(artefact->type, artefact->id), std::move(artefact));
  return {};
}

const Artefact* ArtefactRegistry::find_id(std::string_view type, std::string_view id) const {
  const auto found = by_id_.find(std::pair(std::string(type), std::string(id)));
  return found == by_id_.end() ? nullptr : found->second.get();
}

std::string ArtefactRegistry::near_id(std::string_view type, std::string_view id) const {
  std::vector<std::string_view> ids;
  for (const auto& [key, artefact] : by_id_) {
    if (key.first == type) ids.push_back(key.second);
  }
  return base::nearest_name(id, ids);
}

std::vector<const Artefact*> ArtefactRegistry::all() const {
  std::vector<const Artefact*> all;
  for (const auto& [key, artefact] : by_id_) all.push_back(artefact.get());
  return all;
}

}  // namespace kiln::plan
