#include "job/short_id.h"

#include <algorithm>

namespace kiln::job {
namespace {

constexpr size_t kShort = 8;
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string_view short_id(const JobId& id) { return std::string_view(id.text).substr(0, kShort); }

void shorten_job_ids(std::string& text) {
  size_t at = text.find_first_of(kDigits);
  while (at != std::string::npos) {
    const size_t end = std::min(text.find_first_not_of(kDigits, at), text.size());
    size_t next = end;
    if (is_job_id(std::string_view(text).substr(at, end - at))) {
      text.erase(at + kShort, end - at - kShort);
      next = at + kShort;
    }
    at = text.find_first_of(kDigits, next);
  }
}

}  // namespace kiln::job
