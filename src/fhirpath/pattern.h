// Regular expressions of matches(), matchesFull() and replaceMatches() (FHIRPath §5.6).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhirpath/program.h"

namespace re2 {
class RE2;
}

namespace kiln::fhirpath {

/// Longest pattern accepted, in bytes.
constexpr size_t kMostPatternSize = 16 * 1024;
/// Most that one search may cost: bytes of the text times instructions of the compiled pattern. A
/// search cannot be stopped in its midst, and at its worst costs some 10 ns for each such pair.
constexpr uint64_t kMostSearchCost = 16U << 20;

/// Compiled patterns. Belongs to one Context, which counts the work; not thread-safe.
class Patterns {
 public:
  Patterns();
  ~Patterns();
  Patterns(const Patterns&) = delete;
  Patterns& operator=(const Patterns&) = delete;

  /// The compiled pattern, valid until the next call; null, with the evaluation's error set, if it
  /// is none or a limit was reached.
  const re2::RE2* compile(Context& context, const Instruction& instruction,
                          std::string_view pattern);

 private:
  std::unordered_map<std::string, std::unique_ptr<re2::RE2>> compiled_;
};

/// FHIRPath's named groups, (?<name>...), as RE2 writes them: (?P<name>...). Escapes and character
/// classes stay as they are.
std::string with_re2_groups(std::string_view pattern);

/// Before a text of so many bytes is searched: counts it; false, with the error set, over a limit.
[[nodiscard]] bool step_search(Context& context, const Instruction& instruction,
                               const re2::RE2& regex, size_t bytes);

/// The text with each match replaced; in the substitution $1 and ${name} are groups, $0 the match.
/// Appends to `result`. False: the error is set.
[[nodiscard]] bool replace_all(Context& context, const Instruction& instruction,
                               const re2::RE2& regex, std::string_view text,
                               std::string_view substitution, std::string& result);

}  // namespace kiln::fhirpath
