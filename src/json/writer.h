// Writing JSON text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::json {

/// Appends `text` as a JSON string with its quotes: valid UTF-8 by construction, as bytes that are
/// no part of a character become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// Builds a JSON text piece by piece; commas and nesting are its care.
///
///   Writer w;
///   w.begin_object().key("rows").number(3).key("files").begin_array().end_array().end_object();
///   std::string text = std::move(w).take();
class Writer {
 public:
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view text);
  Writer& number(int64_t value);
  Writer& number(uint64_t value);
  Writer& number(int value) { return number(static_cast<int64_t>(value)); }
  Writer& boolean(bool value);
  Writer& null();
  /// A value that is JSON already.
  Writer& raw(std::string_view json);

  /// key and value in one.
  Writer& member(std::string_view name, std::string_view text) { return key(name).string(text); }

  const std::string& text() const { return out_; }
  std::string take() && { return std::move(out_); }

 private:
  void before_value();
  std::string out_;
  std::vector<bool> has_items_;  ///< of each open object or array
  bool after_key_ = false;
};

/// The same JSON with line breaks and two spaces a level, for people.
std::string pretty(std::string_view json);

}  // namespace kiln::json
