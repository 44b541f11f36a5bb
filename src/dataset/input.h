// Which files hold resources, found from what the user named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace kiln::dataset {

enum class Compression : uint8_t { kNone, kGzip, kZstd };
enum class FileKind : uint8_t {
  kNdjson,
  kJson,  ///< one resource or a Bundle
};

struct Input {
  std::string path;  ///< "-" for stdin
  FileKind kind = FileKind::kNdjson;
  Compression compression = Compression::kNone;
  /// The type that the file's name promises ("Patient.000.ndjson.gz"); "" if it promises none.
  std::string type;

  bool may_hold(std::string_view resource_type) const {
    return type.empty() || type == resource_type;
  }
};

/// Files, folders (searched for *.ndjson, *.ndjson.gz, *.ndjson.zst, *.json, not recursively),
/// globs and "-", in the order given, those of a folder or glob sorted by name. Nothing found for
/// an argument is an error. `is_type` tells names of resource types.
base::Result<std::vector<Input>> find_inputs(const std::vector<std::string>& arguments,
                                             bool (*is_type)(std::string_view name));

/// How one file of that name would be read.
Input describe_file(const std::string& path, bool (*is_type)(std::string_view name));

}  // namespace kiln::dataset
