#include "json/minify.h"

#include <simdjson.h>

namespace kiln::json {

void minify(std::string_view text, std::string& out) {
  out.resize(text.size() + simdjson::SIMDJSON_PADDING);
  size_t size = 0;
  const auto error = simdjson::minify(text.data(), text.size(), out.data(), size);
  if (error != simdjson::SUCCESS) {
    out.assign(text);  // an unclosed string: the parser says where
    return;
  }
  out.resize(size);
}

}  // namespace kiln::json
