#include "dataset/reader.h"

#include <algorithm>
#include <cstring>

#include "dataset/bundle.h"
#include "json/line_parser.h"

namespace kiln::dataset {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kPageSize = 4096;
/// Read behind a part at first, to find the end of its last line.
constexpr size_t kFirstSlack = 16 * 1024;

const char* find_newline(const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, '\n', static_cast<size_t>(end - begin)));
}

}  // namespace

void BlockBuffer::reserve(size_t size, size_t keep) {
  const size_t needed = size + 1 + json::kPadding;
  if (needed <= capacity_) return;
  const size_t capacity =
      (std::max(needed, capacity_ + capacity_ / 2) + kPageSize - 1) / kPageSize * kPageSize;
  base::MemoryReservation none;
  base::MemoryReservation& memory = memory_ != nullptr ? *memory_ : none;
  memory.take(capacity);
  std::unique_ptr<char, Free> bytes(static_cast<char*>(std::aligned_alloc(kPageSize, capacity)));
  if (!bytes) {
    memory.give_back(capacity);
    throw std::bad_alloc();
  }
  if (keep != 0) std::memcpy(bytes.get(), bytes_.get(), keep);
  release();
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

void BlockBuffer::release() {
  bytes_.reset();
  if (memory_ != nullptr) memory_->give_back(capacity_);
  capacity_ = 0;
}

/// A file that is read from front to back, and the line it broke off in.
struct Reader::Stream {
  std::unique_ptr<ByteStream> bytes;
  std::string tail;
  uint64_t offset = 0;  ///< of the tail
  uint64_t line = 1;    ///< of the tail
  uint64_t consumed = 0;
  bool first = true;
};

Reader::Reader(const Snapshot& snapshot, std::vector<bool> wanted, ReaderOptions options)
    : snapshot_(snapshot), wanted_(std::move(wanted)), options_(options) {}
Reader::~Reader() = default;

base::Result<bool> Reader::claim(Part& part, BlockBuffer& buffer) {
  base::MutexLock lock(mutex_);
  for (;; ++file_, offset_ = 0) {
    if (file_ == snapshot_.files.size()) return false;
    if (!wanted_[file_]) continue;
    const OpenFile& file = *snapshot_.files[file_];
    part = Part();
    part.file = file_;
    part.ordinal = next_ordinal_;
    const bool in_parts = file.seekable() && file.input().kind == FileKind::kNdjson &&
                          file.input().compression == Compression::kNone;
    if (!in_parts) {
      auto got = claim_stream(part, buffer);
      if (!got.ok()) {
        // The file is given up, so that the error is reported once.
        ++next_ordinal_;
        stream_.reset();
        ++file_;
        offset_ = 0;
        return got;
      }
      if (*got) {
        ++next_ordinal_;
        return true;
      }
      continue;
    }
    const uint64_t size = file.state().size;
    if (offset_ >= size) continue;
    part.offset = offset_;
    part.size = std::min<uint64_t>(options_.part_size, size - offset_);
    offset_ += part.size;
    ++next_ordinal_;
    return true;
  }
}

base::Result<bool> Reader::claim_stream(Part& part, BlockBuffer& buffer) {
  const OpenFilePtr& file = snapshot_.files[file_];
  if (file->input().kind == FileKind::kJson) {
    if (offset_ != 0) return false;
    offset_ = 1;
    part.size = file->state().size;
    part.loaded = true;
    KILN_ASSIGN(part.block, load_json(file, buffer, options_.stop));
    return true;
  }
  if (!stream_) {
    stream_ = std::make_unique<Stream>();
    KILN_ASSIGN(stream_->bytes, open_stream(file, options_.stop));
  }
  Stream& stream = *stream_;
  buffer.reserve(std::max(options_.part_size, stream.tail.size() * 2), 0);
  size_t size = stream.tail.size();
  std::memcpy(buffer.data(), stream.tail.data(), size);
  const char* last = nullptr;
  bool ended = false;
  while (last == nullptr && !ended) {
    const size_t wanted = std::max(options_.part_size, size * 2) - size;
    buffer.reserve(size + wanted, size);
    const size_t before = size;
    while (size - before < wanted && !ended) {
      KILN_ASSIGN(const size_t got,
                  stream.bytes->read(buffer.data() + size, wanted - (size - before)));
      ended = got == 0;
      size += got;
    }
    last = static_cast<const char*>(memrchr(buffer.data() + before, '\n', size - before));
    if (last == nullptr && size > options_.max_line_size) {
      return too_long(*file, stream.offset, stream.line);
    }
  }
  if (size == 0) {
    stream_.reset();
    return false;
  }
  char* const data = buffer.data();
  size_t complete = last == nullptr ? size : static_cast<size_t>(last - data) + 1;
  if (ended) complete = size;
  stream.tail.assign(data + complete, size - complete);
  Block block{data, data + complete, stream.offset, stream.line};
  if (stream.first && std::string_view(data, complete).starts_with(kByteOrderMark)) {
    block.begin += kByteOrderMark.size();
  }
  stream.first = false;
  stream.offset += complete;
  stream.line += static_cast<uint64_t>(std::count(data, data + complete, '\n'));
  if (complete > 0 && data[complete - 1] != '\n') {
    data[complete] = '\n';  // where the tail was copied from; the buffer has room
    ++block.end;
  }
  part.size = stream.bytes->consumed() - stream.consumed;
  stream.consumed = stream.bytes->consumed();
  part.loaded = true;
  part.block = block;
  return true;
}

base::Error Reader::too_long(const OpenFile& file, uint64_t offset, uint64_t line) const {
  Part part;
  part.file = static_cast<size_t>(
      std::find_if(snapshot_.files.begin(), snapshot_.files.end(),
                   [&](const OpenFilePtr& other) { return other.get() == &file; }) -
      snapshot_.files.begin());
  Block block;
  block.offset = offset;
  block.first_line = line;
  return base::Error(base::ErrorCode::kLimit, "a line is longer than " +
                                                  std::to_string(options_.max_line_size) +
                                                  " bytes (--max-line-size)")
      .at(position(part, block, block.begin));
}

base::Result<Block> Reader::load(const Part& part, BlockBuffer& buffer) const {
  if (part.loaded) return part.block;
  const OpenFile& file = *snapshot_.files[part.file];
  // From the byte before, to know whether a line begins at the part's first byte; and from the
  // start of its page, as copies that are not aligned take three times as long.
  const uint64_t from = part.offset == 0 ? 0 : (part.offset - 1) / kPageSize * kPageSize;
  const size_t before = part.offset == 0 ? 0 : static_cast<size_t>(part.offset - 1 - from);
  const uint64_t part_end = part.offset + part.size;
  size_t wanted = static_cast<size_t>(part_end - from) + kFirstSlack;
  size_t size = 0;
  const auto read_to = [&](size_t target) -> base::Status {
    buffer.reserve(target, size);
    KILN_ASSIGN(const size_t got, file.read_at(buffer.data() + size, target - size, from + size));
    size += got;
    return {};
  };
  KILN_TRY(read_to(wanted));

  const char* begin = buffer.data();
  if (part.offset == 0) {
    if (std::string_view(begin, size).starts_with(kByteOrderMark)) begin += kByteOrderMark.size();
  } else {
    const size_t in_part = std::min<size_t>(size, static_cast<size_t>(part_end - from));
    const char* const newline = find_newline(begin + before, begin + in_part - 1);
    if (newline == nullptr) {
      // No line begins here: one that began before covers the part.
      return Block{buffer.data(), buffer.data(), from, 0};
    }
    begin = newline + 1;
  }
  // The last line begins before part_end and may go on behind it.
  const size_t begin_at = static_cast<size_t>(begin - buffer.data());
  size_t searched = static_cast<size_t>(part_end - from) - 1;
  for (;;) {
    if (searched < size) {
      const char* const newline = find_newline(buffer.data() + searched, buffer.data() + size);
      if (newline != nullptr) {
        return Block{buffer.data() + begin_at, newline + 1, from + begin_at, 0};
      }
      searched = size;
    }
    if (size < wanted) break;  // the end of the file
    if (size - begin_at > options_.max_line_size) {
      const char* const last = static_cast<const char*>(memrchr(buffer.data(), '\n', size));
      const size_t line =
          last == nullptr ? begin_at : static_cast<size_t>(last - buffer.data()) + 1;
      if (size - line > options_.max_line_size) return too_long(file, from + line, 0);
    }
    wanted = size * 2;
    KILN_TRY(read_to(wanted));
  }
  buffer.data()[size] = '\n';  // a file that does not end in one
  return Block{buffer.data() + begin_at, buffer.data() + size + 1, from + begin_at, 0};
}

base::SourcePosition Reader::position(const Part& part, const Block& block, const char* at) const {
  const OpenFile& file = *snapshot_.files[part.file];
  base::SourcePosition position;
  position.source = file.input().path == "-" ? "<stdin>" : file.input().path;
  if (file.input().kind == FileKind::kJson) {
    // The lines are our own: one for each resource of the Bundle.
    position.source += " entry " + std::to_string(std::count(block.begin, at, '\n') + 1);
    return position;
  }
  const char* line_start = at;
  while (line_start > block.begin && line_start[-1] != '\n') --line_start;
  position.column = static_cast<uint64_t>(at - line_start) + 1;
  uint64_t line = block.first_line;
  if (line == 0) {
    line = 1;
    std::vector<char> chunk(1 << 20);
    for (uint64_t offset = 0; offset < block.offset;) {
      const size_t wanted =
          static_cast<size_t>(std::min<uint64_t>(chunk.size(), block.offset - offset));
      const auto got = file.read_at(chunk.data(), wanted, offset);
      if (!got.ok() || *got == 0) break;
      line += static_cast<uint64_t>(
          std::count(chunk.data(), chunk.data() + static_cast<ptrdiff_t>(*got), '\n'));
      offset += *got;
    }
  }
  position.line = line + static_cast<uint64_t>(std::count(block.begin, line_start, '\n'));
  return position;
}

}  // namespace kiln::dataset
