// What an output option names, looked at before anything is written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <sys/stat.h>

#include "base/error.h"

namespace kiln::app {

struct OutputTarget {
  enum class Kind : uint8_t {
    kFile,    ///< a regular file, there or not: written under another name, then renamed
    kStream,  ///< a pipe, a character device or an open descriptor: written as it is
  };
  Kind kind = Kind::kFile;
  std::string name;                     ///< as the user gave it; "standard output" for "-"
  std::string path;                     ///< behind all symbolic links; "" for a descriptor
  int descriptor = -1;                  ///< of "-", /dev/stdout, /dev/fd/N and links to them
  std::optional<struct stat> existing;  ///< what is there now
};

/// "" and "-" are standard output. A folder, a block device, a socket: kConflict.
base::Result<OutputTarget> find_target(const std::string& name);

/// Whether a name means standard input: "-", /dev/stdin and the like.
bool names_standard_input(const std::string& name);

/// The files that a command reads and must not write, by device and inode: the same file has many
/// names.
class SourceFiles {
 public:
  /// "-" is standard input. What cannot be looked at is passed over: it cannot be read either.
  void add(const std::string& name);
  /// kUsage if the target is one of them. Terminals may be both.
  base::Status check(const OutputTarget& target) const;
  /// The same for a file of a set that appears in a folder: where sources lie, nothing that is
  /// there already is replaced.
  base::Status check_in_folder(const OutputTarget& target) const;

 private:
  using Identity = std::pair<dev_t, ino_t>;
  std::map<Identity, std::string> files_;
  std::map<Identity, std::string> folders_;  ///< that hold one of them
};

}  // namespace kiln::app
