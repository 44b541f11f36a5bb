#include "dataset/lines.h"

#include <algorithm>
#include <cstring>

namespace kiln::dataset {

base::Result<bool> Ranges::next(Part& part, BlockBuffer&) {
  if (offset_ >= size_) return false;
  part.offset = offset_;
  part.size = std::min(step_, size_ - offset_);
  offset_ += part.size;
  return true;
}

size_t size_of_mark(std::string_view head) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return head.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
}

const char* first_line(const char* at, const char* end) {
  const char* const from = at - 1;
  const void* const newline = std::memchr(from, '\n', static_cast<size_t>(end - 1 - from));
  return newline == nullptr ? nullptr : static_cast<const char*>(newline) + 1;
}

base::Error line_too_long(size_t most) {
  return base::Error(base::ErrorCode::kLimit,
                     "a line is longer than " + std::to_string(most) + " bytes (--max-line-size)");
}

base::SourcePosition position_in(const Block& block, const char* at, uint64_t first_line,
                                 const std::string& name) {
  const char* line = at;
  while (line > block.begin && line[-1] != '\n') --line;
  base::SourcePosition position;
  position.source = name;
  position.line = first_line + static_cast<uint64_t>(std::count(block.begin, line, '\n'));
  position.column = static_cast<uint64_t>(at - line) + 1;
  return position;
}

}  // namespace kiln::dataset
