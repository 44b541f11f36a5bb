// Every byte of a line, for --validate full: what the pruned parser jumps over is checked here.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kiln::json {

struct Problem {
  size_t offset;        ///< of the offending byte
  const char* message;  ///< static
};

/// The first thing that is wrong with `text` as one JSON value or white space alone: grammar,
/// escapes, UTF-8, control characters, keys given twice in one object, nesting beyond kMaxDepth.
/// Nothing if all is well.
std::optional<Problem> find_problem(std::string_view text);

}  // namespace kiln::json
