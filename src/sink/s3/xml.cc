#include "sink/s3/xml.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

constexpr size_t kDeepest = 16;
constexpr std::string_view kBlank = " \t\r\n";

void append_utf8(uint32_t code, std::string& to) {
  const auto put = [&](uint32_t byte) { to += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || base::is_digit(c) || c == '_' ||
         c == '-' || c == '.' || c == ':';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<XmlElement> document() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    KILN_TRY(skip_between());
    XmlElement root;
    KILN_TRY(element(root, 1));
    KILN_TRY(skip_between());
    if (at_ != text_.size()) return wrong("text after the root element");
    return root;
  }

 private:
  Error wrong(std::string_view what) const {
    return Error(ErrorCode::kInvalid, "not the XML of a store: " + std::string(what) + " at byte " +
                                          std::to_string(at_));
  }

  bool take(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size()); }

  base::Status skip_past(std::string_view end) {
    const size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) return wrong("an open end");
    at_ = found + end.size();
    return {};
  }

  /// Blanks, comments and processing instructions.
  base::Status skip_between() {
    for (;;) {
      skip_blanks();
      if (take("<?")) {
        KILN_TRY(skip_past("?>"));
      } else if (take("<!--")) {
        KILN_TRY(skip_past("-->"));
      } else {
        return {};
      }
    }
  }

  std::string_view name() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  base::Status attributes() {
    for (;;) {
      skip_blanks();
      if (at_ < text_.size() && (text_[at_] == '>' || text_[at_] == '/')) return {};
      if (name().empty()) return wrong("no attribute");
      skip_blanks();
      if (!take("=")) return wrong("an attribute without a value");
      skip_blanks();
      if (take("\"")) {
        KILN_TRY(skip_past("\""));
      } else if (take("'")) {
        KILN_TRY(skip_past("'"));
      } else {
        return wrong("an attribute without quotes");
      }
    }
  }

  base::Status element(XmlElement& into, size_t depth) {
    if (depth > kDeepest) return wrong("too many levels");
    if (!take("<")) return wrong("no element");
    const std::string_view full_name = name();
    if (full_name.empty()) return wrong("no name");
    into.name = full_name.substr(full_name.rfind(':') + 1);
    KILN_TRY(attributes());
    if (take("/>")) return {};
    if (!take(">")) return wrong("an open tag");
    KILN_TRY(content(into, depth));
    if (name() != full_name) return wrong("another element's end");
    skip_blanks();
    if (!take(">")) return wrong("an open tag");
    return {};
  }

  /// Up to the name of the end tag.
  base::Status content(XmlElement& into, size_t depth) {
    for (;;) {
      const size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
      into.text.append(text_.substr(at_, end - at_));
      at_ = end;
      if (at_ == text_.size()) return wrong("an open element");
      if (text_[at_] == '&') {
        KILN_TRY(entity(into.text));
      } else if (take("</")) {
        return {};
      } else if (take("<!--")) {
        KILN_TRY(skip_past("-->"));
      } else if (take("<?")) {
        KILN_TRY(skip_past("?>"));
      } else {
        into.children.emplace_back();
        KILN_TRY(element(into.children.back(), depth + 1));
      }
    }
  }

  base::Status entity(std::string& to) {
    static constexpr std::pair<std::string_view, char> kNamed[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (const auto& [text, c] : kNamed) {
      if (take(text)) {
        to += c;
        return {};
      }
    }
    if (!take("&#")) return wrong("an unknown entity");
    const int base = take("x") ? 16 : 10;
    uint32_t code = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), code, base);
    at_ += static_cast<size_t>(end - begin);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (error != std::errc() || code == 0 || code > 0x10FFFF || surrogate || !take(";")) {
      return wrong("a bad character reference");
    }
    append_utf8(code, to);
    return {};
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const XmlElement& one) { return one.name == child_name; });
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::child_text(std::string_view child_name) const {
  const XmlElement* found = child(child_name);
  return found == nullptr ? std::string() : found->text;
}

base::Result<XmlElement> parse_xml(std::string_view document) {
  return Parser(document).document();
}

std::string xml_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\r':
        escaped += "&#13;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace kiln::sink
