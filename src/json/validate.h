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

struct LineEnd;
struct Scanner;
/// What is wrong with a line whose rest was passed up to `end`: that it was cut off, or that
/// something follows the object. The whole line is looked at only if its rest looked unusual, and
/// each byte of it only if it is not one object by its brackets either.
std::optional<Problem> find_problem_in_line(const Scanner& scanner, const char* line,
                                            const LineEnd& end);

}  // namespace kiln::json
