#include "json/tape.h"

#include <algorithm>

namespace kiln::json {

bool Tape::grow() {
  if (capacity_ >= kMaxNodes) return false;
  const uint32_t capacity = std::max(256U, capacity_ * 2);
  std::unique_ptr<Node[]> nodes(new Node[capacity]);
  std::copy_n(nodes_.get(), size_, nodes.get());
  nodes_ = std::move(nodes);
  capacity_ = capacity;
  return true;
}

}  // namespace kiln::json
