#include "fhirpath/text_search.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace kiln::fhirpath {

bool find_text(Context& context, std::string_view text, std::string_view needle, size_t& at) {
  // memmem is linear (two-way) for long needles, and at its worst 256 times as slow for short ones:
  // the pieces are small enough for a stop to be seen. The first is smaller, as what is looked for
  // may be near, and none is so small that preparing the needle again would count.
  static constexpr size_t kFirstPiece = 1024;
  static constexpr size_t kLargestPiece = 64 * 1024;
  at = kNotFound;
  if (needle.empty()) {
    at = 0;
    return true;
  }
  size_t piece = kFirstPiece;
  for (size_t begin = 0; begin + needle.size() <= text.size(); begin += piece) {
    if (begin != 0) piece = std::min(piece * 2, kLargestPiece);
    piece = std::max(piece, needle.size() * 2);
    const std::string_view part = text.substr(begin, piece + needle.size() - 1);
    if (!context.step_text(part.size())) return false;
    const void* const found = memmem(part.data(), part.size(), needle.data(), needle.size());
    if (found != nullptr) {
      at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
      return true;
    }
  }
  return true;
}

bool find_last_text(Context& context, std::string_view text, std::string_view needle, size_t& at) {
  // From behind, the last is the first.
  if (!context.step_text(text.size()) || !context.make_room(text.size() + needle.size())) {
    return false;
  }
  const std::string mirrored_text(text.rbegin(), text.rend());
  const std::string mirrored_needle(needle.rbegin(), needle.rend());
  if (!find_text(context, mirrored_text, mirrored_needle, at)) return false;
  if (at != kNotFound) at = text.size() - needle.size() - at;
  return true;
}

}  // namespace kiln::fhirpath
