#include "plan/artefacts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/near_name.h"
#include "base/number.h"
#include "plan/view_source.h"

namespace kiln::plan {
namespace {

namespace fs = std::filesystem;

constexpr dataset::SpecialFiles kRegular = dataset::SpecialFiles::kRefused;

struct SemanticVersion {
  std::array<uint64_t, 3> numbers{};
  std::string_view pre_release;
};

std::optional<SemanticVersion> parse_semantic(std::string_view text) {
  SemanticVersion version;
  text = text.substr(0, text.find('+'));
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) version.pre_release = text.substr(dash + 1);
  text = text.substr(0, dash);
  for (size_t i = 0; i < version.numbers.size(); ++i) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), version.numbers[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) return version;  // "2" and "2.1" are 2.0.0 and 2.1.0
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

int sign(int value) { return (value > 0) - (value < 0); }

/// Preference among artefacts of one url.
int rank_of_status(std::string_view status) {
  if (status == "active") return 3;
  if (status == "draft") return 2;
  return status == "retired" ? 0 : 1;
}

bool is_better(const Artefact& a, const Artefact& b) {
  const int by_status = rank_of_status(a.status) - rank_of_status(b.status);
  return by_status != 0 ? by_status > 0 : compare_versions(a.version, b.version) > 0;
}

std::string_view take_identifier(std::string_view& pre_release) {
  const std::string_view one = pre_release.substr(0, pre_release.find('.'));
  pre_release.remove_prefix(std::min(one.size() + 1, pre_release.size()));
  return one;
}

/// Identifier by identifier: numbers as numbers and before texts, fewer before more.
int compare_pre_releases(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view one = take_identifier(a), other = take_identifier(b);
    const auto left = base::whole_number<uint64_t>(one),
               right = base::whole_number<uint64_t>(other);
    if (left.has_value() != right.has_value()) return left ? -1 : 1;
    if (left && *left != *right) return *left < *right ? -1 : 1;
    if (!left && one != other) return sign(one.compare(other));
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto left = parse_semantic(a);
  const auto right = parse_semantic(b);
  if (!left || !right) {
    if (left || right) return left ? 1 : -1;
    return sign(a.compare(b));
  }
  if (left->numbers != right->numbers) return left->numbers < right->numbers ? -1 : 1;
  if (left->pre_release.empty() != right->pre_release.empty()) {
    return left->pre_release.empty() ? 1 : -1;
  }
  return compare_pre_releases(left->pre_release, right->pre_release);
}

base::Status ArtefactRegistry::load(const std::string& path) {
  std::error_code code;
  if (!fs::is_directory(path, code)) return load_file(path);
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string file = entry->path().string();
    if (file.ends_with(".json") || file.ends_with(".ndjson")) files.push_back(file);
  }
  if (code) return base::io_error("cannot read the folder " + path, code.value());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) KILN_TRY(load_file(file));
  return {};
}

base::Status ArtefactRegistry::load_file(const std::string& path) {
  std::error_code code;
  const std::string real = fs::weakly_canonical(path, code).string();
  if (!code && !files_.insert(real).second) return {};
  if (!path.ends_with(".ndjson")) {
    KILN_ASSIGN(const json::DocumentPtr document, read_document(path, kRegular));
    return add_document(document, stem_of(path));
  }
  KILN_ASSIGN(const std::string text, read_text(path, kRegular));
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    KILN_ASSIGN(const json::DocumentPtr document,
                json::Document::parse(std::move(line), path + ":" + std::to_string(number)));
    KILN_TRY(add_document(document, stem_of(path) + "-" + std::to_string(number)));
  }
  return {};
}

base::Status ArtefactRegistry::add_document(const json::DocumentPtr& document,
                                            const std::string& stem) {
  const json::Value root = document->root();
  if (root["resourceType"].text() != "Bundle") return add(document, root, stem);
  size_t number = 0;
  for (const json::Value entry : root["entry"].items()) {
    KILN_TRY(add(document, entry["resource"], stem + "-" + std::to_string(++number)));
  }
  return {};
}

base::Status ArtefactRegistry::add(const json::DocumentPtr& document, json::Value value,
                                   const std::string& stem) {
  const std::string_view type =
      view::is_view(value) ? "ViewDefinition" : value["resourceType"].text();
  if (type != "ViewDefinition" && type != "Library") return {};
  const auto text = [&](std::string_view key) { return std::string(value[key].text()); };
  auto artefact = std::make_unique<Artefact>(Artefact{std::string(type), text("id"), text("url"),
                                                      text("version"), text("name"), text("status"),
                                                      document, value, nullptr});
  if (artefact->id.empty()) artefact->id = stem;
  const auto clash = [&](const Artefact& other, const std::string& what) {
    return base::Error(base::ErrorCode::kInvalid, "two artefacts with the same " + what +
                                                      "; the other one is in " +
                                                      other.document->source())
        .at(value.position());
  };
  if (const Artefact* const other = find_id(type, artefact->id)) {
    return clash(*other, "id: " + artefact->type + "/" + artefact->id);
  }
  if (!artefact->url.empty()) {
    const auto [begin, end] = by_url_.equal_range(artefact->url);
    for (auto at = begin; at != end; ++at) {
      if (at->second->version == artefact->version) {
        return clash(*at->second, "url and version: " + artefact->url + "|" + artefact->version);
      }
    }
    by_url_.emplace(artefact->url, artefact.get());
  }
  if (type == "ViewDefinition") {
    artefact->compiled = std::make_shared<Compilation>(compile_view(document, value, {version_}));
  }
  by_id_.emplace(std::pair(artefact->type, artefact->id), std::move(artefact));
  return {};
}

const Artefact* ArtefactRegistry::find_id(std::string_view type, std::string_view id) const {
  const auto found = by_id_.find(std::pair(std::string(type), std::string(id)));
  return found == by_id_.end() ? nullptr : found->second.get();
}

const Artefact* ArtefactRegistry::find_canonical(std::string_view canonical) const {
  const size_t bar = canonical.find('|');
  const std::string_view url = canonical.substr(0, bar);
  const auto [begin, end] = by_url_.equal_range(url);
  const Artefact* best = nullptr;
  for (auto at = begin; at != end; ++at) {
    const Artefact& candidate = *at->second;
    if (bar != std::string_view::npos) {
      if (candidate.version == canonical.substr(bar + 1)) return &candidate;
    } else if (best == nullptr || is_better(candidate, *best)) {
      best = &candidate;
    }
  }
  return best;
}

std::string ArtefactRegistry::near_id(std::string_view type, std::string_view id) const {
  std::vector<std::string_view> ids;
  for (const auto& [key, artefact] : by_id_) {
    if (key.first == type) ids.push_back(key.second);
  }
  return base::nearest_name(id, ids);
}

std::string ArtefactRegistry::near_canonical(std::string_view canonical) const {
  const std::string_view url = canonical.substr(0, canonical.find('|'));
  const auto [begin, end] = by_url_.equal_range(url);
  std::vector<std::string_view> known;
  if (begin != end) {
    for (auto at = begin; at != end; ++at) known.push_back(at->second->version);
    const std::string near =
        base::nearest_name(canonical.substr(std::min(url.size() + 1, canonical.size())), known);
    return near.empty() ? near : std::string(url) + "|" + near;
  }
  // Urls are long and alike: the last part is what is mistaken, or else all of it.
  const std::string_view folder = url.substr(0, url.rfind('/') + 1);
  for (const auto& [other, artefact] : by_url_) {
    if (!other.starts_with(folder)) continue;
    known.push_back(std::string_view(other).substr(folder.size()));
  }
  const std::string near = base::nearest_name(url.substr(folder.size()), known);
  if (!near.empty()) return std::string(folder) + near;
  known.clear();
  for (const auto& [other, artefact] : by_url_) known.push_back(other);
  return base::nearest_name(url, known);
}

std::vector<const Artefact*> ArtefactRegistry::all() const {
  std::vector<const Artefact*> all;
  for (const auto& [key, artefact] : by_id_) all.push_back(artefact.get());
  return all;
}

}  // namespace kiln::plan
