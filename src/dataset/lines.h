// What sources of lines have in common.
#pragma once

#include <string>
#include <string_view>

#include "dataset/source.h"

namespace kiln::dataset {

/// Bytes that can be read from anywhere, in ranges of the same size.
class Ranges final : public Parts {
 public:
  Ranges(uint64_t size, const ReaderOptions& options) : size_(size), step_(options.part_size) {}
  base::Result<bool> next(Part& part, BlockBuffer& buffer) override;

 private:
  const uint64_t size_;
  const uint64_t step_;
  uint64_t offset_ = 0;
};

/// The size of a byte order mark that a source begins with.
size_t size_of_mark(std::string_view head);

/// The line that begins at or behind `at`, where the byte before `at` is readable; null if none
/// begins before `end`.
const char* first_line(const char* at, const char* end);

base::Error line_too_long(size_t most);

/// Of a byte of a block whose first line has the number `first_line`.
base::SourcePosition position_in(const Block& block, const char* at, uint64_t first_line,
                                 const std::string& name);

}  // namespace kiln::dataset
