// An export as it is kept in its job's record: everything that is needed to run it, also after a
// restart with other published views.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/resource_filter.h"
#include "json/document.h"
#include "output/layout.h"
#include "table/format/encoder.h"

namespace kiln::api {

struct ExportedView {
  std::string output;  ///< output.name in the manifest
  std::string file;    ///< its files' names begin so
  std::string text;    ///< the ViewDefinition
};

struct ExportRequest {
  std::string operation;  ///< "$viewdefinition-export"
  table::Format format = table::Format::kNdjson;
  bool header = true;
  output::Compression compression = output::Compression::kNone;
  engine::FilterSpec filter;  ///< with the patients as they were at the kick-off
  std::vector<ExportedView> views;

  std::string to_json() const;
  static base::Result<ExportRequest> from_json(std::string_view text);
};

/// Beginnings for the files of outputs with those names: safe in every sink and file system, no two
/// equal even where case does not count.
std::vector<std::string> file_stems(const std::vector<std::string>& output_names);

}  // namespace kiln::api
