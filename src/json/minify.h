// JSON without white space between its tokens: any document as one line.
#pragma once

#include <string>
#include <string_view>

namespace kiln::json {

/// Replaces `out`. Nothing is validated; text that is no JSON comes out as some text. Line breaks
/// inside strings, which JSON does not allow, stay.
void minify(std::string_view text, std::string& out);

}  // namespace kiln::json
