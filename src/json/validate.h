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

struct Scanner;
/// What is wrong with a line that was read up to `from`, behind its object's opening brace: that it
/// was cut off, or that something follows the object. The whole line is looked at only if its rest
/// looks unusual, and each byte of it only if it is not one object by its brackets either.
/// `newline` becomes its end.
std::optional<Problem> find_problem_in_rest(const Scanner& scanner, const char* line,
                                            const char* from, const char*& newline);

}  // namespace kiln::json
