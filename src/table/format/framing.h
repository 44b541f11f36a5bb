// What stands around the rows of a file.
#pragma once

#include <string>
#include <string_view>

#include "table/format/encoder.h"

namespace kiln::table {

/// Of one file: begin(), before each piece with rows before_piece(), at the end end().
class Framing {
 public:
  /// The encoder must outlive the framing.
  explicit Framing(const Encoder& encoder) : encoder_(encoder) {}

  std::string begin() const { return encoder_.prefix(); }
  std::string_view before_piece() {
    return std::exchange(any_rows_, true) ? encoder_.separator() : encoder_.before_rows();
  }
  std::string end() const {
    std::string text(any_rows_ ? encoder_.after_rows() : std::string_view());
    return text.append(encoder_.suffix());
  }

 private:
  const Encoder& encoder_;
  bool any_rows_ = false;
};

}  // namespace kiln::table
