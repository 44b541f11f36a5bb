// FHIRPath §5.6 String manipulation, with encode(), escape(), split(), join() and others of the
// version after 2.0.
#include <algorithm>
#include <array>
#include <string>

#include <re2/re2.h>

#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"
#include "json/text.h"
#include "json/writer.h"

namespace kiln::fhirpath {
namespace {

using Single = Evaluation::Single;

// ---- UTF-8: positions and lengths count code points ----

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

int64_t code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); });
}

/// Byte offset of a code point; the text's size if it has fewer.
size_t byte_offset(std::string_view text, int64_t code_point) {
  size_t at = 0;
  for (; code_point > 0 && at < text.size(); --code_point) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
  }
  return at;
}

// ---- the frame of a string function ----

/// The input and up to two string arguments. kNone as soon as one of them is empty.
struct Strings {
  std::string_view input;
  std::array<std::string_view, 2> arguments;
};

Single read_strings(Evaluation& evaluation, const Instruction& instruction, Strings& strings) {
  Collection collection;
  if (!evaluation.input(instruction, collection)) return Single::kFailed;
  Single state = evaluation.single_string(instruction, collection, strings.input);
  if (state == Single::kFailed) return state;
  for (size_t i = 0; i < instruction.argument_count && i < 2; ++i) {
    if (!evaluation.argument(instruction, i, collection)) return Single::kFailed;
    const Single one = evaluation.single_string(instruction, collection, strings.arguments[i]);
    if (one == Single::kFailed) return one;
    if (one == Single::kNone) state = Single::kNone;
  }
  return state;
}

/// A kernel of a function body(evaluation, instruction, strings, out).
template <auto kBody>
bool run_on_strings(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Strings strings;
  switch (read_strings(evaluation, instruction, strings)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  if (!evaluation.step(1 + strings.input.size() / 64)) return false;
  return kBody(evaluation, instruction, strings, out);
}

bool within_limit(Evaluation& evaluation, const Instruction& instruction, size_t size) {
  if (size <= evaluation.string_limit()) return evaluation.step(1 + size / 64);
  return evaluation.fail(instruction, "the resulting text is too long", base::ErrorCode::kLimit);
}

bool index_of(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  const size_t at = s.input.find(s.arguments[0]);
  return evaluation.give_integer(
      out, at == std::string_view::npos ? -1 : code_points(s.input.substr(0, at)));
}

bool last_index_of(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  const size_t at = s.input.rfind(s.arguments[0]);
  return evaluation.give_integer(
      out, at == std::string_view::npos ? -1 : code_points(s.input.substr(0, at)));
}

bool starts_with(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  return evaluation.give_boolean(out, s.input.starts_with(s.arguments[0]));
}

bool ends_with(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  return evaluation.give_boolean(out, s.input.ends_with(s.arguments[0]));
}

bool contains(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  return evaluation.give_boolean(out, s.input.find(s.arguments[0]) != std::string_view::npos);
}

/// ASCII letters; others stay as they are.
template <char kFrom, char kTo>
bool change_case(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  std::string text(s.input);
  for (char& c : text) {
    if (c >= kFrom && c <= kFrom + 25) c = static_cast<char>(c - kFrom + kTo);
  }
  return evaluation.give_string(out, text);
}

bool replace(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
             Collection& out) {
  const auto [pattern, substitution] = s.arguments;
  std::string text;
  if (pattern.empty()) {
    // Surrounds every character (FHIRPath §5.6.9).
    text += substitution;
    for (size_t at = 0; at < s.input.size();) {
      const size_t next = at + byte_offset(s.input.substr(at), 1);
      text += s.input.substr(at, next - at);
      text += substitution;
      at = next;
      if (!within_limit(evaluation, instruction, text.size())) return false;
    }
    return evaluation.give_string(out, text);
  }
  size_t at = 0;
  for (;;) {
    const size_t found = s.input.find(pattern, at);
    text += s.input.substr(at, found - at);
    if (found == std::string_view::npos) break;
    text += substitution;
    at = found + pattern.size();
    if (!within_limit(evaluation, instruction, text.size())) return false;
  }
  return evaluation.give_string(out, text);
}

const re2::RE2* pattern_of(Evaluation& evaluation, const Instruction& instruction,
                           const Strings& s) {
  return evaluation.regex(instruction, std::string(s.arguments[0]));
}

bool matches(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
             Collection& out) {
  const re2::RE2* const regex = pattern_of(evaluation, instruction, s);
  return regex != nullptr && evaluation.give_boolean(out, re2::RE2::PartialMatch(s.input, *regex));
}

bool matches_full(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
                  Collection& out) {
  const re2::RE2* const regex = pattern_of(evaluation, instruction, s);
  return regex != nullptr && evaluation.give_boolean(out, re2::RE2::FullMatch(s.input, *regex));
}

/// FHIRPath names groups $1 or ${name}; RE2 wants \1.
std::string rewrite_of(const re2::RE2& regex, std::string_view substitution) {
  std::string rewrite;
  for (size_t i = 0; i < substitution.size(); ++i) {
    const char c = substitution[i];
    if (c == '\\') {
      rewrite += "\\\\";
    } else if (c != '$' || i + 1 >= substitution.size()) {
      rewrite += c;
    } else if (substitution[i + 1] >= '0' && substitution[i + 1] <= '9') {
      rewrite += '\\';
      rewrite += substitution[++i];
    } else if (substitution[i + 1] == '{') {
      const size_t close = substitution.find('}', i);
      const std::string name(substitution.substr(i + 2, close - i - 2));
      const auto group = regex.NamedCapturingGroups().find(name);
      if (close == std::string_view::npos || group == regex.NamedCapturingGroups().end() ||
          group->second > 9) {
        rewrite += c;
      } else {
        rewrite += "\\" + std::to_string(group->second);
        i = close;
      }
    } else {
      rewrite += c;
    }
  }
  return rewrite;
}

bool replace_matches(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
                     Collection& out) {
  // An empty pattern replaces nothing, as the specification's tests have it.
  if (s.arguments[0].empty()) return evaluation.give_string(out, s.input);
  const re2::RE2* const regex = pattern_of(evaluation, instruction, s);
  if (regex == nullptr) return false;
  const std::string rewrite = rewrite_of(*regex, s.arguments[1]);
  std::string why;
  if (!regex->CheckRewriteString(rewrite, &why)) {
    return evaluation.fail(instruction, "a bad substitution: " + why);
  }
  std::string text(s.input);
  // Each match is at least one byte apart, so this bounds the growth before it happens.
  if (!within_limit(evaluation, instruction, text.size() * (rewrite.size() + 1))) return false;
  re2::RE2::GlobalReplace(&text, *regex, rewrite);
  return evaluation.give_string(out, text);
}

bool length(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  return evaluation.give_integer(out, code_points(s.input));
}

bool to_chars(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  ItemList result(evaluation.arena());
  for (size_t at = 0; at < s.input.size();) {
    const size_t next = at + byte_offset(s.input.substr(at), 1);
    result.push(Item::of_string(s.input.substr(at, next - at)));
    at = next;
  }
  out = result.collection();
  return evaluation.step(out.size);
}

bool trim(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  static constexpr std::string_view kSpace = " \t\n\r\f\v";
  const size_t begin = s.input.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return evaluation.give(out, Item::of_string(""));
  const size_t end = s.input.find_last_not_of(kSpace) + 1;
  return evaluation.give(out, Item::of_string(s.input.substr(begin, end - begin)));
}

bool split(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
           Collection& out) {
  const std::string_view separator = s.arguments[0];
  if (separator.empty()) return to_chars(evaluation, instruction, s, out);
  ItemList result(evaluation.arena());
  size_t at = 0;
  for (;;) {
    const size_t found = s.input.find(separator, at);
    result.push(Item::of_string(s.input.substr(at, found - at)));
    if (found == std::string_view::npos) break;
    at = found + separator.size();
  }
  out = result.collection();
  return evaluation.step(out.size);
}

// ---- encodings ----

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string to_base64(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += j <= count ? alphabet[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text, std::string_view alphabet) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(group >> bits & 0xFF);
    }
  }
  return bytes;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; };
    const size_t high = kHexDigits.find(lower(text[i]));
    const size_t low = kHexDigits.find(lower(text[i + 1]));
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

bool encode(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  const std::string_view format = s.arguments[0];
  if (format == "base64") return evaluation.give_string(out, to_base64(s.input, kBase64));
  if (format == "urlbase64") return evaluation.give_string(out, to_base64(s.input, kBase64Url));
  if (format != "hex") return Evaluation::give_nothing(out);
  std::string text;
  for (const char c : s.input) {
    text += kHexDigits[static_cast<unsigned char>(c) >> 4];
    text += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
  return evaluation.give_string(out, text);
}

bool decode(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
            Collection& out) {
  std::optional<std::string> bytes;
  if (s.arguments[0] == "base64") bytes = from_base64(s.input, kBase64);
  if (s.arguments[0] == "urlbase64") bytes = from_base64(s.input, kBase64Url);
  if (s.arguments[0] == "hex") bytes = from_hex(s.input);
  if (!bytes) return Evaluation::give_nothing(out);
  if (!json::is_utf8(*bytes)) {
    return evaluation.fail(instruction, "the decoded bytes are not UTF-8 text");
  }
  return evaluation.give_string(out, *bytes);
}

struct HtmlEntity {
  char character;
  std::string_view entity;
};
constexpr HtmlEntity kEntities[] = {
    {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

bool escape(Evaluation& evaluation, const Instruction&, const Strings& s, Collection& out) {
  std::string text;
  if (s.arguments[0] == "json") {
    json::append_string(text, s.input);
    return evaluation.give_string(out, std::string_view(text).substr(1, text.size() - 2));
  }
  if (s.arguments[0] != "html") return Evaluation::give_nothing(out);
  for (const char c : s.input) {
    const auto* const found = std::find_if(std::begin(kEntities), std::end(kEntities),
                                           [c](const HtmlEntity& e) { return e.character == c; });
    if (found != std::end(kEntities)) {
      text += found->entity;
    } else {
      text += c;
    }
  }
  return evaluation.give_string(out, text);
}

bool unescape(Evaluation& evaluation, const Instruction& instruction, const Strings& s,
              Collection& out) {
  std::string text;
  if (s.arguments[0] == "json") {
    if (json::find_bad_escape(s.input) != std::string_view::npos) {
      return evaluation.fail(instruction, "a bad escape in the text");
    }
    json::append_unescaped(text, s.input);
    return evaluation.give_string(out, text);
  }
  if (s.arguments[0] != "html") return Evaluation::give_nothing(out);
  for (size_t at = 0; at < s.input.size();) {
    const auto* const found =
        std::find_if(std::begin(kEntities), std::end(kEntities),
                     [&](const HtmlEntity& e) { return s.input.substr(at).starts_with(e.entity); });
    if (found != std::end(kEntities)) {
      text += found->character;
      at += found->entity.size();
    } else {
      text += s.input[at++];
    }
  }
  return evaluation.give_string(out, text);
}

// ---- functions with their own frame ----

bool run_substring(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection collection;
  std::string_view text;
  if (!evaluation.input(instruction, collection)) return false;
  const Single state = evaluation.single_string(instruction, collection, text);
  if (state == Single::kFailed) return false;
  int64_t start = 0;
  if (!evaluation.argument(instruction, 0, collection)) return false;
  const Single has_start = evaluation.single_integer(instruction, collection, start);
  if (has_start == Single::kFailed) return false;
  int64_t count = INT64_MAX;
  if (evaluation.has_argument(instruction, 1)) {
    if (!evaluation.argument(instruction, 1, collection)) return false;
    const Single has_count = evaluation.single_integer(instruction, collection, count);
    if (has_count == Single::kFailed) return false;
  }
  if (state == Single::kNone || has_start == Single::kNone) return Evaluation::give_nothing(out);
  if (start < 0) return Evaluation::give_nothing(out);
  const size_t begin = byte_offset(text, start);
  if (begin >= text.size()) return Evaluation::give_nothing(out);
  if (count <= 0) return evaluation.give(out, Item::of_string(""));
  const std::string_view rest = text.substr(begin);
  return evaluation.give(out, Item::of_string(rest.substr(0, byte_offset(rest, count))));
}

/// join(): over nothing it is nothing (views.md), items without a value are left out.
bool run_join(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!evaluation.input(instruction, input)) return false;
  std::string_view separator;
  if (evaluation.has_argument(instruction, 0)) {
    Collection argument;
    if (!evaluation.argument(instruction, 0, argument)) return false;
    if (evaluation.single_string(instruction, argument, separator) == Single::kFailed) return false;
  }
  std::string text;
  bool first = true;
  for (const Item& item : input) {
    const auto part = text_of_item(evaluation, item);
    if (!part) continue;
    if (!first) text += separator;
    first = false;
    text += *part;
    if (!within_limit(evaluation, instruction, text.size())) return false;
  }
  return first ? Evaluation::give_nothing(out) : evaluation.give_string(out, text);
}

constexpr FunctionRow text_function(std::string_view name, uint8_t arguments, Returns returns,
                                    Kernel kernel) {
  return {name,    arguments,     arguments, {kStringValue, kStringValue}, Expect::kString,
          returns, Reads::kValue, kernel};
}

constexpr FunctionRow kRows[] = {
    text_function("indexOf", 1, Returns::kInteger, run_on_strings<index_of>),
    text_function("lastIndexOf", 1, Returns::kInteger, run_on_strings<last_index_of>),
    text_function("startsWith", 1, Returns::kBoolean, run_on_strings<starts_with>),
    text_function("endsWith", 1, Returns::kBoolean, run_on_strings<ends_with>),
    text_function("contains", 1, Returns::kBoolean, run_on_strings<contains>),
    text_function("upper", 0, Returns::kString, run_on_strings<change_case<'a', 'A'>>),
    text_function("lower", 0, Returns::kString, run_on_strings<change_case<'A', 'a'>>),
    text_function("replace", 2, Returns::kString, run_on_strings<replace>),
    text_function("matches", 1, Returns::kBoolean, run_on_strings<matches>),
    text_function("matchesFull", 1, Returns::kBoolean, run_on_strings<matches_full>),
    text_function("replaceMatches", 2, Returns::kString, run_on_strings<replace_matches>),
    text_function("length", 0, Returns::kInteger, run_on_strings<length>),
    text_function("toChars", 0, Returns::kStrings, run_on_strings<to_chars>),
    text_function("trim", 0, Returns::kString, run_on_strings<trim>),
    text_function("split", 1, Returns::kStrings, run_on_strings<split>),
    text_function("encode", 1, Returns::kString, run_on_strings<encode>),
    text_function("decode", 1, Returns::kString, run_on_strings<decode>),
    text_function("escape", 1, Returns::kString, run_on_strings<escape>),
    text_function("unescape", 1, Returns::kString, run_on_strings<unescape>),
    {"substring",
     1,
     2,
     {kIntegerValue, kIntegerValue},
     Expect::kString,
     Returns::kString,
     Reads::kValue,
     run_substring},
    {"join", 0, 1, {kStringValue}, Expect::kString, Returns::kString, Reads::kValue, run_join},
};

}  // namespace

std::span<const FunctionRow> string_functions() { return kRows; }

}  // namespace kiln::fhirpath
