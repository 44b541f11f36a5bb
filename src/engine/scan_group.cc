#include "engine/scan_group.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "fhir/key_names.h"

namespace kiln::engine {
namespace {

/// Made on the first use by a view that keeps something whole.
const fhir::KeyNames& key_names() {
  static const fhir::KeyNames kNames;
  return kNames;
}

/// Letters and digits as a JSON writer leaves them, and enough of them to be rare.
bool can_be_needle(const std::string& id) {
  static constexpr size_t kShortest = 4;
  static constexpr size_t kLongest = 64;
  return id.size() >= kShortest && id.size() <= kLongest &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
         });
}

}  // namespace

ScanGroup::ScanGroup(std::string type, std::vector<size_t> subjects,
                     const std::vector<Subject>& all, const FilterSpec& filter)
    : type_(std::move(type)),
      subjects_(std::move(subjects)),
      usual_start_("{\"resourceType\":\"" + type_ + "\"") {
  choose_needles(all, filter);
  if (!filter.empty()) {
    const view::CompiledView& view = *all[subjects_.front()].view;
    filter_ = std::make_unique<TypeFilter>(filter, view.model(), view.resource_type());
    filter_shape_ = std::make_unique<json::Shape>(filter_->demand(), nullptr);
  }
  json::ShapeBuilder builder;
  for (const size_t index : subjects_) builder.add(all[index].view->demand());
  const std::vector<json::ShapeNode> nodes = builder.build();
  const bool any_whole =
      std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.whole; });
  shape_ = std::make_unique<json::Shape>(nodes, any_whole ? &key_names() : nullptr);
}

/// The ids of a few patients, else a text that each view needs. Each needle is a pass of its own
/// over the lines that have none of them.
void ScanGroup::choose_needles(const std::vector<Subject>& all, const FilterSpec& filter) {
  static constexpr size_t kMostNeedles = 2;
  if (filter.patients && filter.patients->size() <= kMostNeedles) {
    needle_texts_.assign(filter.patients->begin(), filter.patients->end());
  }
  const bool by_patient = !needle_texts_.empty() &&
                          std::all_of(needle_texts_.begin(), needle_texts_.end(), can_be_needle);
  if (!by_patient) {
    needle_texts_.clear();
    for (const size_t index : subjects_) {
      const std::string& needle = all[index].view->needle();
      if (needle.empty()) return;
      const auto end = needle_texts_.end();
      if (std::find(needle_texts_.begin(), end, needle) == end) needle_texts_.push_back(needle);
    }
  }
  if (needle_texts_.size() > kMostNeedles) return;
  for (const std::string& text : needle_texts_) needles_.emplace_back(text);
}

std::vector<ScanGroup> group_subjects(const std::vector<Subject>& subjects,
                                      const FilterSpec& filter) {
  std::map<std::pair<std::string, fhir::Version>, std::vector<size_t>> by_type;
  for (size_t i = 0; i < subjects.size(); ++i) {
    const view::CompiledView& view = *subjects[i].view;
    by_type[{view.resource(), view.model().version()}].push_back(i);
  }
  std::vector<ScanGroup> groups;
  groups.reserve(by_type.size());
  for (auto& [key, indices] : by_type) {
    groups.emplace_back(key.first, std::move(indices), subjects, filter);
  }
  return groups;
}

}  // namespace kiln::engine
