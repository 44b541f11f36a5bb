// Which files hold resources, found from what the user named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dataset/glob.h"

namespace kiln::dataset {

enum class FileKind : uint8_t {
  kNdjson,
  kJson,  ///< one resource, an array of them or a Bundle
};

struct Input {
  std::string path;  ///< "-" for stdin
  FileKind kind = FileKind::kNdjson;
  /// The type that the file's name promises ("Patient.000.ndjson.gz"); "" if it promises none.
  std::string type = {};
  /// In a folder or by a glob: it is left out if it holds no resources.
  bool found = false;

  friend bool operator==(const Input&, const Input&) = default;
};

struct Inputs {
  std::vector<Input> files;
  /// Files of the folders that have no name of data.
  std::vector<std::string> passed_over;
};

/// Files, folders (searched for *.ndjson, *.ndjson.gz, *.ndjson.zst, *.json, not recursively),
/// globs ("**" stands for any folders) and "-", in the order given, those of a folder or glob
/// sorted by name. A file that comes again, by another path or link, is there once; of names that
/// promise different types none is believed then. Nothing found for an argument is an error.
/// `is_type` tells names of resource types; `looking_at` is told of each file and folder before it
/// is touched.
base::Result<Inputs> find_inputs(const std::vector<std::string>& arguments,
                                 bool (*is_type)(std::string_view name),
                                 const LookingAt& looking_at = {});

/// As messages call it: its path, "<stdin>".
std::string name_of(const Input& input);

/// How one file of that name would be read.
Input describe_file(const std::string& path, bool (*is_type)(std::string_view name));

}  // namespace kiln::dataset
