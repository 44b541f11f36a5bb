#include "fhirpath/pattern.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <re2/re2.h>

#include "base/text.h"
#include "fhirpath/context.h"

namespace kiln::fhirpath {
namespace {

/// Bytes times instructions that are one step.
constexpr uint64_t kSearchCostPerStep = 1024;

/// Calls visit(at) for each position of a pattern that is not in a character class and does not
/// belong to an escape; for an escape, at its backslash.
template <typename Visit>
void for_each_outside_of_classes(std::string_view pattern, Visit visit) {
  for (size_t at = 0; at < pattern.size(); ++at) {
    visit(at);
    if (pattern[at] == '\\') {
      if (pattern.substr(at).starts_with("\\Q")) {
        const size_t end = pattern.find("\\E", at);
        at = end == std::string_view::npos ? pattern.size() : end;
      }
      ++at;
    } else if (pattern[at] == '[') {
      ++at;
      if (at < pattern.size() && pattern[at] == '^') ++at;
      if (at < pattern.size() && pattern[at] == ']') ++at;  // a bracket that stands for itself
      while (at < pattern.size() && pattern[at] != ']') {
        if (pattern[at] == '\\') {
          ++at;
        } else if (pattern.substr(at).starts_with("[:")) {
          const size_t end = pattern.find(":]", at);
          if (end != std::string_view::npos) at = end + 1;
        }
        ++at;
      }
    }
  }
}

bool opens_look_around(std::string_view rest) {
  return rest.starts_with("(?=") || rest.starts_with("(?!") || rest.starts_with("(?<=") ||
         rest.starts_with("(?<!");
}

/// What the pattern asks for that no linear search can do; "" if nothing.
std::string_view unsupported_in(std::string_view pattern) {
  std::string_view found;
  for_each_outside_of_classes(pattern, [&](size_t at) {
    const std::string_view rest = pattern.substr(at);
    if (opens_look_around(rest)) found = "look-around";
    const bool reference = rest.size() > 1 && rest[0] == '\\' &&
                           ((rest[1] >= '1' && rest[1] <= '9') || rest[1] == 'k');
    if (reference) found = "a back-reference";
  });
  return found;
}

/// A piece of a substitution: a text, or a group of the match.
struct Piece {
  std::string_view text;
  std::optional<int> group;
};

/// Takes what stands behind a '$' at the front of `rest`; nothing if it names no group.
std::optional<int> take_group(const re2::RE2& regex, std::string_view& rest) {
  if (rest.size() > 1 && base::is_digit(rest[1])) {
    // As many digits as still name a group: $12 is group 1 and a 2 where there is no group 12.
    int group = rest[1] - '0';
    size_t end = 2;
    while (end < rest.size() && base::is_digit(rest[end])) {
      const int longer = group * 10 + (rest[end] - '0');
      if (longer > regex.NumberOfCapturingGroups()) break;
      group = longer;
      ++end;
    }
    rest.remove_prefix(end);
    return group;
  }
  const size_t close = rest.find('}');
  if (!rest.starts_with("${") || close == std::string_view::npos) return std::nullopt;
  const auto& names = regex.NamedCapturingGroups();
  const auto found = names.find(std::string(rest.substr(2, close - 2)));
  if (found == names.end()) return std::nullopt;
  rest.remove_prefix(close + 1);
  return found->second;
}

std::vector<Piece> pieces_of(const re2::RE2& regex, std::string_view substitution) {
  std::vector<Piece> pieces;
  const std::string_view all = substitution;
  size_t begin = 0;
  for (size_t at = 0; at < all.size();) {
    std::string_view rest = all.substr(at);
    const auto group = rest.front() == '$' ? take_group(regex, rest) : std::nullopt;
    if (!group) {
      ++at;
      continue;
    }
    if (at > begin) pieces.push_back({all.substr(begin, at - begin), std::nullopt});
    pieces.push_back({{}, group});
    at = begin = all.size() - rest.size();
  }
  if (begin < all.size()) pieces.push_back({all.substr(begin), std::nullopt});
  return pieces;
}

/// Bytes of the character at the front.
size_t character_size(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

std::string with_re2_groups(std::string_view pattern) {
  std::string translated;
  size_t copied = 0;
  for_each_outside_of_classes(pattern, [&](size_t at) {
    const std::string_view rest = pattern.substr(at);
    if (!rest.starts_with("(?<") || opens_look_around(rest)) return;
    translated += pattern.substr(copied, at - copied);
    translated += "(?P<";
    copied = at + 3;
  });
  translated += pattern.substr(copied);
  return translated;
}

Patterns::Patterns() = default;
Patterns::~Patterns() = default;

const re2::RE2* Patterns::compile(Context& context, const Instruction& instruction,
                                  std::string_view pattern) {
  static constexpr size_t kMostCompiled = 64;
  static constexpr int64_t kMostMemory = 4 << 20;
  static constexpr uint64_t kStepsToCompile = 1024;
  static constexpr uint64_t kStepsPerByte = 16;
  std::string key(pattern.substr(0, kMostPatternSize + 1));
  const auto found = compiled_.find(key);
  if (found != compiled_.end()) return found->second.get();
  if (pattern.size() > kMostPatternSize) {
    context.fail(instruction, "the regular expression is too long", base::ErrorCode::kLimit);
    return nullptr;
  }
  if (!context.step(kStepsToCompile + kStepsPerByte * pattern.size())) return nullptr;
  if (const std::string_view what = unsupported_in(pattern); !what.empty()) {
    context.fail(instruction, "a regular expression cannot have " + std::string(what) +
                                  ", which takes more than linear time");
    return nullptr;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(kMostMemory);
  auto compiled = std::make_unique<re2::RE2>(with_re2_groups(pattern), options);
  if (!compiled->ok()) {
    context.fail(instruction, "a bad regular expression: " + compiled->error());
    return nullptr;
  }
  // Counted repetitions make a long program of a short pattern.
  if (!context.step(static_cast<uint64_t>(compiled->ProgramSize()))) return nullptr;
  if (compiled_.size() >= kMostCompiled) compiled_.clear();
  return compiled_.emplace(std::move(key), std::move(compiled)).first->second.get();
}

bool step_search(Context& context, const Instruction& instruction, const re2::RE2& regex,
                 size_t bytes) {
  const uint64_t cost = uint64_t{bytes} * static_cast<uint64_t>(std::max(1, regex.ProgramSize()));
  if (cost > kMostSearchCost) {
    return context.fail(instruction, "the text is too long for this regular expression",
                        base::ErrorCode::kLimit);
  }
  return context.step(1 + cost / kSearchCostPerStep);
}

bool replace_all(Context& context, const Instruction& instruction, const re2::RE2& regex,
                 std::string_view text, std::string_view substitution, std::string& result) {
  const std::vector<Piece> pieces = pieces_of(regex, substitution);
  int last_group = 0;
  for (const Piece& piece : pieces) last_group = std::max(last_group, piece.group.value_or(0));
  if (last_group > regex.NumberOfCapturingGroups()) {
    return context.fail(instruction, "the substitution names group " + std::to_string(last_group) +
                                         ", the pattern has " +
                                         std::to_string(regex.NumberOfCapturingGroups()));
  }
  // The match itself, and the groups that are asked for: finding groups costs most.
  std::vector<re2::StringPiece> groups(static_cast<size_t>(last_group) + 1);
  const auto append = [&](std::string_view part) {
    if (!context.grow_text(instruction, result.size(), part.size())) return false;
    result += part;
    return true;
  };
  size_t copied = 0;
  size_t at = 0;
  std::optional<size_t> last_end;
  while (at <= text.size()) {
    if (!step_search(context, instruction, regex, text.size() - at)) return false;
    if (!regex.Match(text, at, text.size(), re2::RE2::UNANCHORED, groups.data(), last_group + 1)) {
      break;
    }
    const auto begin = static_cast<size_t>(groups[0].data() - text.data());
    const size_t end = begin + groups[0].size();
    // Where nothing is matched, go on behind the next character.
    at = begin < end ? end : end + character_size(text.substr(end));
    if (begin == end && last_end == begin) continue;  // right behind a match
    last_end = end;
    if (!append(text.substr(copied, begin - copied))) return false;
    for (const Piece& piece : pieces) {
      const re2::StringPiece group = groups[static_cast<size_t>(piece.group.value_or(0))];
      if (!append(piece.group ? std::string_view(group.data(), group.size()) : piece.text)) {
        return false;
      }
    }
    copied = end;
  }
  return append(text.substr(copied));
}

}  // namespace kiln::fhirpath
