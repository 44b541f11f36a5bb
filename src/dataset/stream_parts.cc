#include "dataset/stream_parts.h"

#include <algorithm>
#include <cstring>

#include "dataset/left_out.h"
#include "dataset/lines.h"

namespace kiln::dataset {

/// The file's first bytes become the tail of the part before the first.
base::Status StreamParts::begin() {
  KILN_ASSIGN(bytes_, open_stream(file_, options_.stop));
  if (!may_be_left_out(file_->input())) return {};
  tail_.resize(kHeadSize);
  size_t size = 0;
  size_t got = 1;
  while (got != 0 && size < tail_.size()) {
    KILN_ASSIGN(got, bytes_->read(tail_.data() + size, tail_.size() - size));
    size += got;
  }
  tail_.resize(size);
  left_out_ = holds_no_resources(tail_, got == 0);
  return {};
}

base::Result<bool> StreamParts::next(Part& part, BlockBuffer& buffer) {
  if (!bytes_) KILN_TRY(begin());
  if (left_out_) {
    leave_out(part, file_->state().size, buffer);
    return true;
  }
  buffer.reserve(std::max(options_.part_size, tail_.size() * 2), 0);
  size_t size = tail_.size();
  std::memcpy(buffer.data(), tail_.data(), size);
  const char* last = nullptr;
  size_t looked_at = 0;
  bool ended = false;
  while (last == nullptr && !ended) {
    const size_t wanted = std::max(options_.part_size, size * 2) - size;
    buffer.reserve(size + wanted, size);
    const size_t before = size;
    while (size - before < wanted && !ended) {
      KILN_ASSIGN(const size_t got, bytes_->read(buffer.data() + size, wanted - (size - before)));
      ended = got == 0;
      size += got;
    }
    // A line that ends with what was read is kept back, as it may be the file's last one.
    if (size != 0) {
      last =
          static_cast<const char*>(memrchr(buffer.data() + looked_at, '\n', size - 1 - looked_at));
      looked_at = size - 1;
    }
    if (last == nullptr && size > options_.max_line_size) return too_long();
  }
  if (size == 0) return false;
  char* const data = buffer.data();
  size_t complete = last == nullptr ? size : static_cast<size_t>(last - data) + 1;
  if (ended) complete = size;
  tail_.assign(data + complete, size - complete);
  Block block{data, data + complete, offset_, line_, ended};
  if (offset_ == 0) block.begin += size_of_mark({data, complete});
  offset_ += complete;
  line_ += static_cast<uint64_t>(std::count(data, data + complete, '\n'));
  if (data[complete - 1] != '\n') {
    data[complete] = '\n';  // where the tail was copied from; the buffer has room
    ++block.end;
  }
  part.size = bytes_->consumed() - consumed_;
  consumed_ = bytes_->consumed();
  part.loaded = true;
  part.block = block;
  return true;
}

base::Error StreamParts::too_long() const {
  return line_too_long(options_.max_line_size).at({name_of(file_->input()), line_, 1});
}

}  // namespace kiln::dataset
