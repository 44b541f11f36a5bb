// Base64 (RFC 4648 §4).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::base {

std::string base64_encode(std::string_view bytes);
/// True if the text is base64 without white space.
bool is_base64(std::string_view text);
/// Without the white space that FHIR allows in it.
std::string base64_packed(std::string_view text);
/// Bytes that a text of which is_base64() is true stands for.
size_t base64_size(std::string_view text);
/// Nothing if the text is not base64; white space in it is passed over, as FHIR allows it.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace kiln::base
