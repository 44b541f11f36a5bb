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

/// Keys that are given twice in one object.
enum class RepeatedKeys : bool { kRefused, kAllowed };

/// The first thing that is wrong with `text` as one JSON value or white space alone: grammar,
/// escapes, UTF-8, control characters, repeated keys if refused, nesting beyond kMaxDepth.
/// Nothing if all is well.
std::optional<Problem> find_problem(std::string_view text,
                                    RepeatedKeys repeated = RepeatedKeys::kRefused);

}  // namespace kiln::json
