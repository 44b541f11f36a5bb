// A file of the scratch folder, which goes when its owner does.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kiln::output {

class ScratchFile {
 public:
  /// Nothing is made: whoever writes it does. An old file of the name goes.
  explicit ScratchFile(std::string path);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::string& path() const { return path_; }

  /// Gives its bytes to `write`, a block at a time, up to the first error: that of the file
  /// system, or what `write` gave.
  base::Status read(const std::function<base::Status(std::string_view)>& write) const;

 private:
  const std::string path_;
};

}  // namespace kiln::output
