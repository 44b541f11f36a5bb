#include "plan/problem.h"

namespace kiln::plan {

std::string shortened(std::string_view text) {
  static constexpr size_t kMost = 200;
  if (text.size() <= kMost) return std::string(text);
  size_t size = kMost;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "…";
}

}  // namespace kiln::plan
