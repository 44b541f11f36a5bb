#include "fhirpath/reference.h"

#include <array>

namespace kiln::fhirpath {
namespace {

/// The bytes of a reference that mean something: a slash, or what a tail may begin with.
constexpr std::array<bool, 256> kMarks = [] {
  std::array<bool, 256> marks = {};
  for (const char c : std::string_view("/_?#|")) marks[static_cast<unsigned char>(c)] = true;
  return marks;
}();

/// Cuts off what stands behind an id: a version, a query, a fragment.
std::string_view without_tail(std::string_view reference) {
  const size_t history = reference.find("/_history/");
  if (history != std::string_view::npos) reference = reference.substr(0, history);
  return reference.substr(0, reference.find_first_of("?#|"));
}

}  // namespace

std::string_view reference_key(std::string_view reference, std::string_view type) {
  if (reference.starts_with("urn:")) {
    const size_t colon = reference.rfind(':');
    return reference.substr(colon + 1);
  }
  if (reference.empty() || reference.front() == '#') return {};
  // One pass over the usual reference; these are short, and a search for each byte costs more.
  constexpr size_t kNone = std::string_view::npos;
  size_t slash = kNone;
  size_t before = kNone;
  for (size_t i = 0; i < reference.size(); ++i) {
    if (!kMarks[static_cast<unsigned char>(reference[i])]) continue;
    if (reference[i] == '/') {
      before = slash;
      slash = i;
    } else {
      reference = without_tail(reference);
      slash = reference.rfind('/');
      before = slash == kNone || slash == 0 ? kNone : reference.rfind('/', slash - 1);
      break;
    }
  }
  if (slash == kNone) return {};
  const std::string_view path = reference.substr(0, slash);
  const std::string_view name = before == kNone ? path : path.substr(before + 1);
  if (name.empty() || name.front() < 'A' || name.front() > 'Z') return {};
  if (!type.empty() && name != type) return {};
  return reference.substr(slash + 1);
}

}  // namespace kiln::fhirpath
