// Upper and lower case, and comparing without it, over all of Unicode and for no language in
// particular. Alone uses utf8proc.
#pragma once

#include <string>
#include <string_view>

namespace kiln::fhirpath {

/// Appends the text with each character in upper or lower case (simple case mapping, character by
/// character). Bytes that are not UTF-8 stay as they are.
void append_upper(std::string& to, std::string_view text);
void append_lower(std::string& to, std::string_view text);

/// What two texts that are equivalent have in common (FHIRPath §6.1.2): case is folded, and every
/// white-space character is a space. Spaces are neither cut off nor taken together.
std::string folded(std::string_view text);

}  // namespace kiln::fhirpath
