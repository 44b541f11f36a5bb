// What the tests of the line parser share: lines in memory of their exact size, names, and tapes as
// text.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/line_parser.h"

namespace kiln::json {

/// A line with its '\n' and kPadding bytes behind, and not one more, so that a sanitizer sees every
/// read past them. What stands in the padding must not matter.
class PaddedLine {
 public:
  explicit PaddedLine(std::string_view text, std::string_view padding = "\"")
      : size_(text.size()), bytes_(new char[text.size() + 1 + kPadding]) {
    std::memcpy(bytes_.get(), text.data(), text.size());
    bytes_[size_] = '\n';
    for (size_t i = 0; i < kPadding; ++i) bytes_[size_ + 1 + i] = padding[i % padding.size()];
  }
  const char* begin() const { return bytes_.get(); }
  const char* end() const { return bytes_.get() + size_; }  ///< the '\n'
  size_t offset_of(const char* at) const { return static_cast<size_t>(at - begin()); }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

/// Ids for the keys that a test uses, given out in the order of asking.
class TestNames final : public KeyNames {
 public:
  uint16_t id(std::string_view key) {
    const auto [found, added] = ids_.try_emplace(std::string(key), ids_.size() + 1);
    if (added) keys_.emplace_back(key);
    return static_cast<uint16_t>(found->second);
  }
  uint16_t find(std::string_view key) const override {
    const auto found = ids_.find(std::string(key));
    return found == ids_.end() ? uint16_t{0} : static_cast<uint16_t>(found->second);
  }
  const std::string& key(uint16_t id) const { return keys_[id]; }

 private:
  std::map<std::string, size_t> ids_;
  std::vector<std::string> keys_ = {"?"};
};

/// The value at `index` as JSON without white space, with the keys' names and raw texts.
inline std::string show(const Tape& tape, uint32_t index, const TestNames& names) {
  const Node& node = tape[index];
  if (node.kind == NodeKind::kString) return '"' + std::string(node.view()) + '"';
  if (node.kind != NodeKind::kObject && node.kind != NodeKind::kArray) {
    return std::string(node.view());
  }
  const bool object = node.kind == NodeKind::kObject;
  std::string text(1, object ? '{' : '[');
  for (uint32_t i = index + 1; i < node.end; i = tape[i].end) {
    if (i > index + 1) text += ',';
    if (object) text += names.key(tape[i].name) + ":";
    text += show(tape, i, names);
  }
  return text + (object ? '}' : ']');
}

}  // namespace kiln::json
