// Files that can only be read from front to back.
#pragma once

#include <memory>
#include <string>

#include "dataset/byte_stream.h"
#include "dataset/source.h"

namespace kiln::dataset {

/// Compressed files, pipes, and what cannot be read at all: each part is read when it is told.
class StreamParts final : public Parts {
 public:
  StreamParts(OpenFilePtr file, const ReaderOptions& options)
      : file_(std::move(file)), options_(options) {}
  base::Result<bool> next(Part& part, BlockBuffer& buffer) override;

 private:
  base::Status begin();
  base::Error too_long() const;

  const OpenFilePtr file_;
  const ReaderOptions& options_;
  std::unique_ptr<ByteStream> bytes_;
  std::string tail_;     ///< the line that the part before broke off in
  uint64_t offset_ = 0;  ///< of the tail
  uint64_t line_ = 1;    ///< of the tail
  uint64_t consumed_ = 0;
  bool left_out_ = false;
};

}  // namespace kiln::dataset
