#include "sink/export_sink.h"

#include <algorithm>

namespace kiln::sink {

bool is_safe_name(std::string_view name) {
  static constexpr size_t kLongest = 200;
  return !name.empty() && name.size() <= kLongest && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace kiln::sink
