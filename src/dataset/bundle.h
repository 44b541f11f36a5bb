// Bundles taken apart: the resources in their entries.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/line_parser.h"
#include "json/validate.h"

namespace kiln::dataset {

/// How deep Bundles may lie in one another. A response to a batch of searches is two deep.
constexpr size_t kMaxBundleDepth = 8;

/// One for a worker, reused from line to line; not thread-safe.
class BundleReader {
 public:
  /// Gets a resource as it stands in the line; false ends it.
  using Visit = std::function<bool(std::string_view resource)>;

  BundleReader();
  ~BundleReader();

  /// Parses the Bundle that begins at `line` up to its entries' resources, which are jumped over.
  json::LineResult open(const char* line);
  /// Visits each resource of the Bundle that was opened, in order; after a Bundle come the
  /// resources of its entries. What is wrong has its offset in the line: an entry that holds no
  /// resource, Bundles nested too deeply.
  std::optional<json::Problem> each(const Visit& visit);
  /// " entry 3 entry 1": what is being visited.
  std::string place() const;

 private:
  struct Level;
  enum class End { kDone, kStopped, kProblem };
  Level& level(size_t depth);
  End each_at(size_t depth, const Visit& visit);
  End visit_resource(size_t depth, const json::Node& node, const Visit& visit);
  End problem(const char* at, const char* message);

  std::vector<std::unique_ptr<Level>> levels_;
  size_t open_levels_ = 0;
  const char* line_ = nullptr;
  json::Problem problem_{};
};

}  // namespace kiln::dataset
