#include "engine/scan_group.h"

#include <algorithm>
#include <map>

#include "fhir/key_names.h"

namespace kiln::engine {
namespace {

/// Made on the first use by a view that keeps something whole.
const fhir::KeyNames& key_names() {
  static const fhir::KeyNames kNames;
  return kNames;
}

}  // namespace

ScanGroup::ScanGroup(std::string type, std::vector<size_t> subjects,
                     const std::vector<Subject>& all, const FilterSpec& filter)
    : type_(std::move(type)),
      subjects_(std::move(subjects)),
      usual_start_("{\"resourceType\":\"" + type_ + "\"") {
  json::ShapeBuilder builder;
  bool searchable = true;
  for (const size_t index : subjects_) {
    const view::CompiledView& view = *all[index].view;
    builder.add(view.demand());
    if (view.needle().empty()) {
      searchable = false;
    } else if (std::find(needle_texts_.begin(), needle_texts_.end(), view.needle()) ==
               needle_texts_.end()) {
      needle_texts_.push_back(view.needle());
    }
  }
  if (!filter.empty()) {
    const view::CompiledView& view = *all[subjects_.front()].view;
    filter_ = std::make_unique<TypeFilter>(filter, view.model(), view.resource_type());
    builder.add(filter_->demand());
  }
  // Each needle is a pass of its own over lines that have none of them.
  static constexpr size_t kMostNeedles = 2;
  if (searchable && needle_texts_.size() <= kMostNeedles) {
    for (const std::string& text : needle_texts_) needles_.emplace_back(text);
  }
  const std::vector<json::ShapeNode> nodes = builder.build();
  const bool any_whole =
      std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.whole; });
  shape_ = std::make_unique<json::Shape>(nodes, any_whole ? &key_names() : nullptr);
}

std::vector<ScanGroup> group_subjects(const std::vector<Subject>& subjects,
                                      const FilterSpec& filter) {
  std::map<std::string, std::vector<size_t>> by_type;
  for (size_t i = 0; i < subjects.size(); ++i) {
    by_type[subjects[i].view->resource()].push_back(i);
  }
  std::vector<ScanGroup> groups;
  groups.reserve(by_type.size());
  for (auto& [type, indices] : by_type) {
    groups.emplace_back(type, std::move(indices), subjects, filter);
  }
  return groups;
}

}  // namespace kiln::engine
