#include "json/writer.h"

#include <array>

#include "json/text.h"

namespace kiln::json {
namespace {

/// 1 for the bytes that a JSON string cannot hold as they are.
constexpr std::array<uint8_t, 256> kSpecial = [] {
  std::array<uint8_t, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = 1;
  table['"'] = 1;
  table['\\'] = 1;
  return table;
}();

void append_escape(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  const size_t before = out.size();
  out += '"';
  const char* run = text.data();
  const char* const end = run + text.size();
  unsigned char seen = 0;
  for (const char* p = run; p < end; ++p) {
    seen |= static_cast<unsigned char>(*p);
    if (kSpecial[static_cast<unsigned char>(*p)] == 0) continue;
    out.append(run, p);
    append_escape(out, *p);
    run = p + 1;
  }
  out.append(run, end);
  out += '"';
  if (seen < 0x80 || is_utf8(text)) return;
  out.resize(before);
  append_string(out, repair_utf8(text));
}

void Writer::before_value() {
  if (after_key_) {
    after_key_ = false;
  } else if (!has_items_.empty()) {
    if (has_items_.back()) out_ += ',';
    has_items_.back() = true;
  }
}

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  has_items_.push_back(false);
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  has_items_.pop_back();
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  has_items_.push_back(false);
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  has_items_.pop_back();
  return *this;
}

Writer& Writer::key(std::string_view name) {
  before_value();
  append_string(out_, name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  append_string(out_, text);
  return *this;
}

Writer& Writer::number(int64_t value) { return raw(std::to_string(value)); }
Writer& Writer::number(uint64_t value) { return raw(std::to_string(value)); }
Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

std::string pretty(std::string_view json) {
  std::string out;
  int depth = 0;
  bool in_string = false;
  const auto line = [&] {
    out += '\n';
    out.append(static_cast<size_t>(depth) * 2, ' ');
  };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      if (c == '"') in_string = false;
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        out += c;
        break;
      case '{':
      case '[': {
        out += c;
        const char close = c == '{' ? '}' : ']';
        const size_t next = json.find_first_not_of(" \t\r\n", i + 1);
        if (next != std::string_view::npos && json[next] == close) {
          out += close;
          i = next;
        } else {
          ++depth;
          line();
        }
        break;
      }
      case '}':
      case ']':
        if (depth > 0) --depth;  // a text that is no JSON may close more than it opened
        line();
        out += c;
        break;
      case ',':
        out += c;
        line();
        break;
      case ':':
        out += ": ";
        break;
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace kiln::json
