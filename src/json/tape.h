// A parsed resource: a flat array of nodes in document order.
//
// Where the tape of a whole-document parser holds everything, this one holds what a Shape asked
// for. Texts are not copied: a node points into the line it was parsed from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace kiln::json {

enum class NodeKind : uint8_t { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

/// One value. `end` is the index after its last descendant, so that siblings are found by jumping.
struct Node {
  const char* text;  ///< string: after the opening quote; else the first byte of the value
  uint32_t length;   ///< bytes of text, as written (escapes not resolved); objects and arrays: all
                     ///< of it from brace to brace if the parser went to its end, else 0
  uint32_t end;
  uint16_t name;  ///< id of the key, 0 for array items and the root
  NodeKind kind;
  bool escaped;  ///< a string with at least one backslash

  std::string_view view() const { return {text, length}; }
  /// Its first byte, the quote of a string included.
  const char* begin() const { return kind == NodeKind::kString ? text - 1 : text; }
};

/// The index of no node.
constexpr uint32_t kNoNode = UINT32_MAX;

/// Nodes of one resource. Reused from line to line: grows to the largest resource seen.
class Tape {
 public:
  /// A bound for hostile input: more values than this in one resource are an error.
  static constexpr uint32_t kMaxNodes = 8U << 20;

  void clear() { size_ = 0; }
  uint32_t size() const { return size_; }
  const Node& operator[](uint32_t index) const { return nodes_[index]; }
  Node& operator[](uint32_t index) { return nodes_[index]; }
  const Node* data() const { return nodes_.get(); }

  /// The first member of an object that has the name; kNoNode if none has.
  uint32_t member(uint32_t object, uint16_t name) const {
    const uint32_t end = nodes_[object].end;
    for (uint32_t i = object + 1; i < end; i = nodes_[i].end) {
      if (nodes_[i].name == name) return i;
    }
    return kNoNode;
  }

  /// Adds an uninitialised node and returns its index; kMaxNodes when the bound is reached.
  uint32_t append() {
    if (size_ == capacity_ && !grow()) return kMaxNodes;
    return size_++;
  }

 private:
  bool grow();
  std::unique_ptr<Node[]> nodes_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace kiln::json
