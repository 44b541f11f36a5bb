#include "sink/export_sink.h"

#include <algorithm>

#include "base/text.h"

namespace kiln::sink {

bool is_safe_name(std::string_view name) {
  static constexpr size_t kLongest = 200;
  return !name.empty() && name.size() <= kLongest && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || base::is_digit(c) ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace kiln::sink
