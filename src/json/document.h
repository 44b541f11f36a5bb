// Whole JSON documents: views, parameters, configuration. Not for the hot path.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kiln::json {

enum class ValueKind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

class Document;

/// One value of a Document, which must outlive it. A default-made Value is "missing": it has no
/// kind that anyone asks for, and its members are missing too, so that paths can be followed
/// without checks in between.
class Value {
 public:
  Value() = default;

  bool missing() const { return document_ == nullptr; }
  explicit operator bool() const { return document_ != nullptr; }
  ValueKind kind() const;
  bool is_string() const { return is(ValueKind::kString); }
  bool is_number() const { return is(ValueKind::kNumber); }
  bool is_boolean() const { return is(ValueKind::kBoolean); }
  bool is_array() const { return is(ValueKind::kArray); }
  bool is_object() const { return is(ValueKind::kObject); }

  /// A string's text with escapes resolved, or any other scalar's as written; "" for the rest.
  std::string_view text() const;
  bool boolean() const { return text() == "true"; }
  /// Nothing unless the value is a number that is an integer.
  std::optional<int64_t> integer() const;
  /// The value as written, from its first byte to its last.
  std::string_view raw() const;

  /// Member of an object by key, item of an array; missing if there is none.
  Value operator[](std::string_view key) const;
  /// Items of an array or values of an object, in order.
  std::vector<Value> items() const;
  size_t size() const;
  /// The key that the value stands under; "" for array items and the root.
  std::string_view key() const;

  /// Where the value starts in its document.
  base::SourcePosition position() const;
  const Document* document() const { return document_; }

 private:
  friend class Document;
  Value(const Document* document, uint32_t index) : document_(document), index_(index) {}
  bool is(ValueKind wanted) const { return !missing() && kind() == wanted; }

  const Document* document_ = nullptr;
  uint32_t index_ = 0;
};

/// A parsed text. Immutable, thread-safe for reading.
class Document {
 public:
  /// Deepest nesting accepted.
  static constexpr int kMaxDepth = 200;

  /// Errors have the position in `source`. A key given twice in one object is an error; more than
  /// `most_values` values are kLimit.
  static base::Result<std::shared_ptr<const Document>> parse(std::string text, std::string source,
                                                             size_t most_values = SIZE_MAX);

  Value root() const { return Value(this, 0); }
  const std::string& text() const { return text_; }
  const std::string& source() const { return source_; }
  base::SourcePosition position_at(size_t offset) const;

 private:
  friend class Value;
  friend class DocumentBuilder;
  struct Node {
    ValueKind kind = ValueKind::kNull;
    uint32_t end = 0;  ///< index after the last descendant
    uint32_t offset = 0;
    uint32_t length = 0;
    std::string key;
    std::string text;
  };

  std::string text_;
  std::string source_;
  std::vector<Node> nodes_;
};

using DocumentPtr = std::shared_ptr<const Document>;

/// Line and column of an offset.
base::SourcePosition position_in(std::string_view text, size_t offset, std::string source);

}  // namespace kiln::json
