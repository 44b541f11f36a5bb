// The subjects over one type of resource of one FHIR version: they share one parse of each line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "json/line_parser.h"

namespace kiln::engine {

/// Immutable, shared by the workers.
class ScanGroup {
 public:
  /// `filter` must outlive the group.
  ScanGroup(std::string type, std::vector<size_t> subjects, const std::vector<Subject>& all,
            const FilterSpec& filter);

  const std::string& type() const { return type_; }
  /// Indices of the subjects.
  const std::vector<size_t>& subjects() const { return subjects_; }
  const json::Shape& shape() const { return *shape_; }
  /// If not empty: a line that holds none of these yields no row for any subject.
  const std::vector<json::Needle>& needles() const { return needles_; }
  /// Which resources feed the subjects; null: all.
  const TypeFilter* filter() const { return filter_.get(); }
  /// What the filter has to see, which is read before anything else; null without a filter.
  const json::Shape* filter_shape() const { return filter_shape_.get(); }
  /// How a line of this type usually begins: {"resourceType":"Patient"
  const std::string& usual_start() const { return usual_start_; }

 private:
  std::string type_;
  std::vector<size_t> subjects_;
  void choose_needles(const std::vector<Subject>& all, const FilterSpec& filter);

  std::vector<std::string> needle_texts_;
  std::vector<json::Needle> needles_;
  std::string usual_start_;
  std::unique_ptr<json::Shape> shape_;
  std::unique_ptr<TypeFilter> filter_;
  std::unique_ptr<json::Shape> filter_shape_;
};

/// One group for each type and version among the subjects, those of one type side by side.
std::vector<ScanGroup> group_subjects(const std::vector<Subject>& subjects,
                                      const FilterSpec& filter);

}  // namespace kiln::engine
