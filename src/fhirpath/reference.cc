#include "fhirpath/reference.h"

namespace kiln::fhirpath {

std::string_view reference_key(std::string_view reference, std::string_view type) {
  if (reference.starts_with("urn:")) {
    const size_t colon = reference.rfind(':');
    return reference.substr(colon + 1);
  }
  if (reference.empty() || reference.front() == '#') return {};
  const size_t history = reference.find("/_history/");
  if (history != std::string_view::npos) reference = reference.substr(0, history);
  const size_t end_of_id = reference.find_first_of("?#|");
  if (end_of_id != std::string_view::npos) reference = reference.substr(0, end_of_id);
  const size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view path = reference.substr(0, slash);
  const size_t before = path.rfind('/');
  const std::string_view name =
      before == std::string_view::npos ? path : path.substr(before + 1);
  if (name.empty() || name.front() < 'A' || name.front() > 'Z') return {};
  if (!type.empty() && name != type) return {};
  return reference.substr(slash + 1);
}

}  // namespace kiln::fhirpath
