// Where the bytes of one output go: a file, standard output, an HTTP response, an export's sink.
#pragma once

#include <string_view>

#include "base/error.h"

namespace kiln::engine {

/// Called from one thread at a time. After an error only the destructor follows.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual base::Status write(std::string_view bytes) = 0;
  /// All has been written: makes the output visible. Not called after a failure, when the
  /// destructor has to leave nothing behind.
  virtual base::Status finish() = 0;
};

}  // namespace kiln::engine
