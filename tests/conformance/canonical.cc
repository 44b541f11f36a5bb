#include "tests/conformance/canonical.h"

#include <algorithm>
#include <vector>

namespace kiln::conformance {

std::string canonical(json::Value value, KeyFilter counts) {
  if (value.is_object()) {
    std::vector<std::string> members;
    for (const json::Value member : value.items()) {
      const std::string key(member.key());
      if (counts && !counts(key)) continue;
      members.push_back(key + ":" + canonical(member, counts));
    }
    std::sort(members.begin(), members.end());
    std::string text = "{";
    for (const std::string& member : members) text += member + ",";
    return text + "}";
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const json::Value item : value.items()) text += canonical(item, counts) + ",";
    return text + "]";
  }
  if (value.is_number()) return std::to_string(std::stod(std::string(value.text())));
  if (value.is_string()) return "\"" + std::string(value.text()) + "\"";
  return std::string(value.raw());
}

}  // namespace kiln::conformance
