#include "dataset/left_out.h"

#include <algorithm>
#include <string>

#include "json/line_parser.h"
#include "json/validate.h"

namespace kiln::dataset {

bool holds_no_resources(std::string_view head, bool is_all) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  bool any = false;
  std::string line;
  while (!head.empty()) {
    const size_t end = head.find('\n');
    if (end == std::string_view::npos && !is_all) break;
    line = head.substr(0, end);
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const size_t size = line.size();
    line += '\n';
    line.append(json::kPadding, '\0');
    // The cheap look first: most lines that are asked about are resources.
    if (!json::find_resource_type(line.data()).empty()) return false;
    if (json::find_problem({line.data(), size}, json::RepeatedKeys::kAllowed)) return false;
    any = true;
  }
  return any;
}

void leave_out(Part& part, uint64_t size, BlockBuffer& buffer) {
  buffer.reserve(0, 0);
  part.size = size;
  part.loaded = true;
  part.block.begin = part.block.end = buffer.data();
  part.block.left_out = true;
}

}  // namespace kiln::dataset
