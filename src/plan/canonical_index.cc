#include "plan/canonical_index.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/near_name.h"
#include "base/number.h"
#include "plan/artefacts.h"

namespace kiln::plan {
namespace {

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

void CanonicalIndex::add(const Artefact& artefact) {
  if (!artefact.url.empty()) by_url_.emplace(artefact.url, &artefact);
}

const Artefact* CanonicalIndex::same_as(const Artefact& artefact) const {
  const auto [begin, end] = by_url_.equal_range(artefact.url);
  for (auto at = begin; at != end; ++at) {
    if (at->second->version == artefact.version) return at->second;
  }
  return nullptr;
}

const Artefact* CanonicalIndex::find(std::string_view canonical) const {
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

std::string CanonicalIndex::near(std::string_view canonical) const {
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

}  // namespace kiln::plan
