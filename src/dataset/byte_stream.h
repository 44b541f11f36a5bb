// Bytes of one file from front to back, decompressed.
#pragma once

#include <memory>

#include "dataset/open_file.h"

namespace kiln::dataset {

/// Not thread-safe.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `size` bytes, 0 at the end. Damaged or truncated compression is kInvalid.
  virtual base::Result<size_t> read(char* to, size_t size) = 0;
  /// Bytes of the file itself read so far, for progress.
  virtual uint64_t consumed() const = 0;
};

/// Decompresses if the first bytes tell so, whatever the file is called; a format that is not read
/// is kInvalid. `stop` ends waiting for a pipe.
base::Result<std::unique_ptr<ByteStream>> open_stream(const OpenFilePtr& file,
                                                      std::stop_token stop = {});

}  // namespace kiln::dataset
