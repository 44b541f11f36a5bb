// FHIRPath §5.6 String manipulation, with encode(), escape(), split(), join() and others of the
// version after 2.0. Most are a body over texts in the frame run_on_strings(), which reads input
// and arguments; a text is counted before it is read, and again before one is made.
#include <algorithm>
#include <array>
#include <string>

#include <re2/re2.h>

#include "base/utf8.h"
#include "fhirpath/functions/families.h"
#include "fhirpath/pattern.h"
#include "fhirpath/text_search.h"
#include "fhirpath/unicode_case.h"
#include "fhirpath/values.h"
#include "json/text.h"
#include "json/writer.h"

namespace kiln::fhirpath {
namespace {

// ---- UTF-8: positions and lengths count code points ----

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

int64_t code_points(std::string_view text) { return static_cast<int64_t>(base::utf8_length(text)); }

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

/// The input and up to two string arguments.
struct Strings {
  std::string_view input;
  std::array<std::string_view, 2> arguments;
};

/// None if one of them is empty.
One<Strings> read_strings(Context& context, const Instruction& instruction) {
  Strings strings;
  const One<std::string_view> input = context.input_string(instruction);
  bool failed = input.failed();
  bool complete = static_cast<bool>(input);
  strings.input = input.value_or({});
  for (size_t i = 0; i < instruction.argument_count && i < 2 && !failed; ++i) {
    const One<std::string_view> one = context.argument_string(instruction, i);
    failed = one.failed();
    complete &= static_cast<bool>(one);
    strings.arguments[i] = one.value_or({});
  }
  if (failed) return One<Strings>::failure();
  return complete ? One<Strings>(strings) : One<Strings>();
}

/// A kernel of a function body(context, instruction, strings, out).
template <auto kBody>
bool run_on_strings(Context& context, const Instruction& instruction, Collection& out) {
  const One<Strings> strings = read_strings(context, instruction);
  if (!strings) return none(out, strings);
  return kBody(context, instruction, *strings, out);
}

bool give_position(Context& context, std::string_view text, size_t at, Collection& out) {
  return context.give_integer(out, at == kNotFound ? -1 : code_points(text.substr(0, at)));
}

bool index_of(Context& context, const Instruction&, const Strings& s, Collection& out) {
  size_t at = 0;
  return find_text(context, s.input, s.arguments[0], at) &&
         give_position(context, s.input, at, out);
}

bool last_index_of(Context& context, const Instruction&, const Strings& s, Collection& out) {
  size_t at = 0;
  return find_last_text(context, s.input, s.arguments[0], at) &&
         give_position(context, s.input, at, out);
}

bool starts_with(Context& context, const Instruction&, const Strings& s, Collection& out) {
  return context.give_boolean(out, s.input.starts_with(s.arguments[0]));
}

bool ends_with(Context& context, const Instruction&, const Strings& s, Collection& out) {
  return context.give_boolean(out, s.input.ends_with(s.arguments[0]));
}

bool contains(Context& context, const Instruction&, const Strings& s, Collection& out) {
  size_t at = 0;
  return find_text(context, s.input, s.arguments[0], at) &&
         context.give_boolean(out, at != kNotFound);
}

/// upper(), lower(): piece by piece, so that a stop is seen.
template <auto kAppend>
bool change_case(Context& context, const Instruction& instruction, const Strings& s,
                 Collection& out) {
  static constexpr size_t kPiece = 16 * 1024;
  std::string text;
  for (std::string_view rest = s.input; !rest.empty();) {
    size_t size = std::min(rest.size(), kPiece);
    while (size < rest.size() && is_continuation(rest[size])) ++size;
    if (!context.grow_text(instruction, text.size(), size)) return false;
    kAppend(text, rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return context.give_string(out, text);
}

/// Puts the substitution before, between and behind all characters (FHIRPath §5.6.9).
bool surround_characters(Context& context, const Instruction& instruction, std::string_view input,
                         std::string_view substitution, Collection& out) {
  const uint64_t times = static_cast<uint64_t>(code_points(input)) + 1;
  if (!context.make_text(instruction, input.size() + times * substitution.size())) return false;
  std::string text(substitution);
  for (size_t at = 0; at < input.size();) {
    const size_t next = at + byte_offset(input.substr(at), 1);
    text += input.substr(at, next - at);
    text += substitution;
    at = next;
  }
  return context.give_string(out, text);
}

bool replace(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  const auto [pattern, substitution] = s.arguments;
  if (pattern.empty()) {
    return surround_characters(context, instruction, s.input, substitution, out);
  }
  std::string text;
  const auto append = [&](std::string_view part) {
    if (!context.grow_text(instruction, text.size(), part.size())) return false;
    text += part;
    return true;
  };
  for (std::string_view rest = s.input;;) {
    size_t at = 0;
    if (!find_text(context, rest, pattern, at)) return false;
    if (!append(rest.substr(0, at))) return false;
    if (at == kNotFound) break;
    if (!append(substitution)) return false;
    rest.remove_prefix(at + pattern.size());
  }
  return context.give_string(out, text);
}

template <re2::RE2::Anchor kAnchor>
bool matches(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  const re2::RE2* const regex = context.patterns().compile(context, instruction, s.arguments[0]);
  if (regex == nullptr || !step_search(context, instruction, *regex, s.input.size())) {
    return false;
  }
  return context.give_boolean(out, regex->Match(s.input, 0, s.input.size(), kAnchor, nullptr, 0));
}

bool replace_matches(Context& context, const Instruction& instruction, const Strings& s,
                     Collection& out) {
  // An empty pattern replaces nothing, as the specification's tests have it.
  if (s.arguments[0].empty()) return context.give(out, Item::of_string(s.input));
  const re2::RE2* const regex = context.patterns().compile(context, instruction, s.arguments[0]);
  std::string text;
  return regex != nullptr &&
         replace_all(context, instruction, *regex, s.input, s.arguments[1], text) &&
         context.give_string(out, text);
}

bool length(Context& context, const Instruction&, const Strings& s, Collection& out) {
  return context.give_integer(out, code_points(s.input));
}

bool to_chars(Context& context, const Instruction&, const Strings& s, Collection& out) {
  ItemList result(context.arena());
  const auto count = static_cast<uint64_t>(code_points(s.input));
  if (!context.step(count) || !context.make_room(2 * count * sizeof(Item))) return false;
  for (size_t at = 0; at < s.input.size();) {
    const size_t next = at + byte_offset(s.input.substr(at), 1);
    result.push(Item::of_string(s.input.substr(at, next - at)));
    at = next;
  }
  out = result.collection();
  return true;
}

bool trim(Context& context, const Instruction&, const Strings& s, Collection& out) {
  static constexpr std::string_view kSpace = " \t\n\r\f\v";
  const size_t begin = s.input.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return context.give(out, Item::of_string(""));
  const size_t end = s.input.find_last_not_of(kSpace) + 1;
  return context.give(out, Item::of_string(s.input.substr(begin, end - begin)));
}

bool split(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  const std::string_view separator = s.arguments[0];
  if (separator.empty()) return to_chars(context, instruction, s, out);
  ItemList result(context.arena());
  for (std::string_view rest = s.input;;) {
    size_t at = 0;
    if (!find_text(context, rest, separator, at)) return false;
    result.push(Item::of_string(rest.substr(0, at)));
    if (at == kNotFound) break;
    rest.remove_prefix(at + separator.size());
  }
  out = result.collection();
  return true;
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

constexpr uint8_t kNoDigit = 255;

/// The value of each byte as a digit of the alphabet.
std::array<uint8_t, 256> digits_of(std::string_view alphabet) {
  std::array<uint8_t, 256> digits;
  digits.fill(kNoDigit);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}

std::optional<std::string> from_base64(std::string_view text, std::string_view alphabet) {
  const std::array<uint8_t, 256> digits = digits_of(alphabet);
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const uint8_t digit = digits[static_cast<unsigned char>(c)];
    if (digit == kNoDigit) return std::nullopt;
    group = group << 6 | digit;
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

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += kHexDigits[static_cast<unsigned char>(c) >> 4];
    text += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

bool encode(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  const std::string_view format = s.arguments[0];
  if (format != "base64" && format != "urlbase64" && format != "hex") {
    return Context::give_nothing(out);
  }
  const uint64_t size = format == "hex" ? s.input.size() * 2 : (s.input.size() + 2) / 3 * 4;
  if (!context.make_text(instruction, size)) return false;
  if (format == "base64") return context.give_string(out, to_base64(s.input, kBase64));
  if (format == "urlbase64") return context.give_string(out, to_base64(s.input, kBase64Url));
  return context.give_string(out, to_hex(s.input));
}

bool decode(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  const size_t groups = s.input.size() / 4 + 1;
  const size_t size = s.arguments[0] == "hex" ? s.input.size() / 2 : 3 * groups;
  if (!context.make_text(instruction, size)) return false;
  std::optional<std::string> bytes;
  if (s.arguments[0] == "base64") bytes = from_base64(s.input, kBase64);
  if (s.arguments[0] == "urlbase64") bytes = from_base64(s.input, kBase64Url);
  if (s.arguments[0] == "hex") bytes = from_hex(s.input);
  if (!bytes) return Context::give_nothing(out);
  if (!json::is_utf8(*bytes)) {
    return context.fail(instruction, "the decoded bytes are not UTF-8 text");
  }
  return context.give_string(out, *bytes);
}

struct HtmlEntity {
  char character;
  std::string_view entity;
};
constexpr HtmlEntity kEntities[] = {
    {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

bool escape(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  static constexpr uint64_t kLongestEscape = 6;  // \u0000, &quot;
  if (s.arguments[0] != "json" && s.arguments[0] != "html") return Context::give_nothing(out);
  if (!context.make_text(instruction, s.input.size()) ||
      !context.make_room(kLongestEscape * s.input.size())) {
    return false;
  }
  std::string text;
  if (s.arguments[0] == "json") {
    json::append_string(text, s.input);
    const std::string_view escaped = std::string_view(text).substr(1, text.size() - 2);
    return context.make_text(instruction, escaped.size()) && context.give_string(out, escaped);
  }
  for (const char c : s.input) {
    const auto* const found = std::find_if(std::begin(kEntities), std::end(kEntities),
                                           [c](const HtmlEntity& e) { return e.character == c; });
    if (found != std::end(kEntities)) {
      text += found->entity;
    } else {
      text += c;
    }
  }
  return context.make_text(instruction, text.size()) && context.give_string(out, text);
}

bool unescape(Context& context, const Instruction& instruction, const Strings& s, Collection& out) {
  if (!context.make_text(instruction, s.input.size())) return false;
  std::string text;
  if (s.arguments[0] == "json") {
    if (json::find_bad_escape(s.input) != std::string_view::npos) {
      return context.fail(instruction, "a bad escape in the text");
    }
    json::append_unescaped(text, s.input);
    return context.give_string(out, text);
  }
  if (s.arguments[0] != "html") return Context::give_nothing(out);
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
  return context.give_string(out, text);
}

// ---- functions with their own frame ----

bool run_substring(Context& context, const Instruction& instruction, Collection& out) {
  const One<std::string_view> text = context.input_string(instruction);
  const One<int64_t> start = context.argument_integer(instruction, 0);
  One<int64_t> given;
  if (context.has_argument(instruction, 1)) given = context.argument_integer(instruction, 1);
  if (!text || !start || given.failed()) return none(out, text, start, given);
  const int64_t count = given.value_or(INT64_MAX);
  if (*start < 0) return Context::give_nothing(out);
  const size_t begin = byte_offset(*text, *start);
  if (begin >= text->size()) return Context::give_nothing(out);
  if (count <= 0) return context.give(out, Item::of_string(""));
  const std::string_view rest = text->substr(begin);
  return context.give(out, Item::of_string(rest.substr(0, byte_offset(rest, count))));
}

/// join(): over nothing it is nothing (views.md), items without a value are left out.
bool run_join(Context& context, const Instruction& instruction, Collection& out) {
  Collection input;
  if (!context.input(instruction, input)) return false;
  One<std::string_view> given;
  if (context.has_argument(instruction, 0)) given = context.argument_string(instruction, 0);
  if (given.failed()) return false;
  const std::string_view separator = given.value_or({});
  std::string text;
  bool first = true;
  for (const Item& item : input) {
    const auto part = text_of_item(context, item);
    if (!part) continue;
    const std::string_view between = first ? std::string_view() : separator;
    if (!context.grow_text(instruction, text.size(), between.size() + part->size())) return false;
    first = false;
    text += between;
    text += *part;
  }
  return first ? Context::give_nothing(out) : context.give_string(out, text);
}

constexpr FunctionRow text_function(std::string_view name, uint8_t arguments, Returns returns,
                                    Kernel kernel) {
  return {.name = name,
          .arguments = between(arguments, arguments, kStringValue),
          .input = Expect::kString,
          .returns = returns,
          .kernel = kernel};
}

constexpr FunctionRow kStringFunctions[] = {
    text_function("indexOf", 1, Returns::kInteger, run_on_strings<index_of>),
    text_function("lastIndexOf", 1, Returns::kInteger, run_on_strings<last_index_of>),
    text_function("startsWith", 1, Returns::kBoolean, run_on_strings<starts_with>),
    text_function("endsWith", 1, Returns::kBoolean, run_on_strings<ends_with>),
    text_function("contains", 1, Returns::kBoolean, run_on_strings<contains>),
    text_function("upper", 0, Returns::kString, run_on_strings<change_case<append_upper>>),
    text_function("lower", 0, Returns::kString, run_on_strings<change_case<append_lower>>),
    text_function("replace", 2, Returns::kString, run_on_strings<replace>),
    text_function("matches", 1, Returns::kBoolean, run_on_strings<matches<re2::RE2::UNANCHORED>>),
    text_function("matchesFull", 1, Returns::kBoolean,
                  run_on_strings<matches<re2::RE2::ANCHOR_BOTH>>),
    text_function("replaceMatches", 2, Returns::kString, run_on_strings<replace_matches>),
    text_function("length", 0, Returns::kInteger, run_on_strings<length>),
    text_function("toChars", 0, Returns::kStrings, run_on_strings<to_chars>),
    text_function("trim", 0, Returns::kString, run_on_strings<trim>),
    text_function("split", 1, Returns::kStrings, run_on_strings<split>),
    text_function("encode", 1, Returns::kString, run_on_strings<encode>),
    text_function("decode", 1, Returns::kString, run_on_strings<decode>),
    text_function("escape", 1, Returns::kString, run_on_strings<escape>),
    text_function("unescape", 1, Returns::kString, run_on_strings<unescape>),
    {.name = "substring",
     .arguments = between(1, 2, kIntegerValue, kIntegerValue),
     .input = Expect::kString,
     .returns = Returns::kString,
     .reads = Reads::kValue,
     .kernel = run_substring},
    {.name = "join",
     .arguments = between(0, 1, kStringValue),
     .input = Expect::kString,
     .returns = Returns::kString,
     .reads = Reads::kValue,
     .kernel = run_join},
};

}  // namespace

std::span<const FunctionRow> string_functions() { return kStringFunctions; }

}  // namespace kiln::fhirpath
