#include "dataset/reader.h"

#include <algorithm>
#include <cstring>

#include "dataset/json_file.h"
#include "dataset/left_out.h"
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

/// The file's only part has no lines.
void leave_out(Part& part, BlockBuffer& buffer) {
  buffer.reserve(0, 0);
  part.block.begin = part.block.end = buffer.data();
  part.block.left_out = true;
  part.loaded = true;
}

}  // namespace

/// A file that is read from front to back, and the line it broke off in.
struct Reader::Stream {
  std::unique_ptr<ByteStream> bytes;
  std::string tail;
  uint64_t offset = 0;  ///< of the tail
  uint64_t line = 1;    ///< of the tail
  uint64_t consumed = 0;
  bool first = true;
  bool left_out = false;
};

Reader::Reader(const Snapshot& snapshot, std::vector<bool> wanted, ReaderOptions options)
    : snapshot_(snapshot), wanted_(std::move(wanted)), options_(options) {}
Reader::~Reader() = default;

base::Result<bool> Reader::claim(Part& part, BlockBuffer& buffer) {
  base::MutexLock lock(mutex_);
  for (;; ++file_, offset_ = 0) {
    if (file_ == snapshot_.files.size()) return false;
    if (!wanted_[file_]) continue;
    part = Part();
    part.file = file_;
    part.ordinal = next_ordinal_;
    auto got = claim_of_file(part, buffer);
    if (got.ok() && !*got) continue;
    ++next_ordinal_;
    if (!got.ok() || part.block.left_out) {
      // The file is given up, so that an error is reported once.
      stream_.reset();
      ++file_;
      offset_ = 0;
    }
    return got;
  }
}

/// The next part of the file at hand; false at its end.
base::Result<bool> Reader::claim_of_file(Part& part, BlockBuffer& buffer) {
  const OpenFile& file = *snapshot_.files[file_];
  const uint64_t size = file.state().size;
  part.offset = offset_;
  if (file.input().kind == FileKind::kJson) {
    if (offset_ != 0) return false;
    offset_ = 1;
    part.size = size;  // the whole file; whoever has claimed it reads it
    return true;
  }
  const Format& format = file.format();
  if (!file.seekable() || format.compression != Compression::kNone || !format.foreign.empty()) {
    return claim_stream(part, buffer);
  }
  if (offset_ >= size) return false;
  if (offset_ == 0 && may_be_left_out(file.input())) {
    std::string head(kHeadSize, '\0');
    KILN_ASSIGN(const size_t got, file.read_at(head.data(), head.size(), 0));
    head.resize(got);
    if (holds_no_resources(head, got == size)) leave_out(part, buffer);
  }
  part.size = part.loaded ? size : std::min<uint64_t>(options_.part_size, size - offset_);
  offset_ += part.size;
  return true;
}

/// The file's first bytes become the tail of the part before the first.
base::Status Reader::begin_stream(const OpenFilePtr& file) {
  stream_ = std::make_unique<Stream>();
  KILN_ASSIGN(stream_->bytes, open_stream(file, options_.stop));
  if (!may_be_left_out(file->input())) return {};
  std::string& head = stream_->tail;
  head.resize(kHeadSize);
  size_t size = 0;
  size_t got = 1;
  while (got != 0 && size < head.size()) {
    KILN_ASSIGN(got, stream_->bytes->read(head.data() + size, head.size() - size));
    size += got;
  }
  head.resize(size);
  stream_->left_out = holds_no_resources(head, got == 0);
  return {};
}

base::Result<bool> Reader::claim_stream(Part& part, BlockBuffer& buffer) {
  const OpenFilePtr& file = snapshot_.files[file_];
  if (!stream_) KILN_TRY(begin_stream(file));
  if (stream_->left_out) {
    part.size = file->state().size;
    leave_out(part, buffer);
    return true;
  }
  Stream& stream = *stream_;
  buffer.reserve(std::max(options_.part_size, stream.tail.size() * 2), 0);
  size_t size = stream.tail.size();
  std::memcpy(buffer.data(), stream.tail.data(), size);
  const char* last = nullptr;
  size_t looked_at = 0;
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
    // A line that ends with what was read is kept back, as it may be the file's last one.
    if (size != 0) {
      last =
          static_cast<const char*>(memrchr(buffer.data() + looked_at, '\n', size - 1 - looked_at));
      looked_at = size - 1;
    }
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
  Block block{data, data + complete, stream.offset, stream.line, ended};
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
  if (file.input().kind == FileKind::kJson) {
    return load_json(snapshot_.files[part.file], buffer, options_.stop);
  }
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
        const auto end_at = static_cast<uint64_t>(newline + 1 - buffer.data());
        const bool ends_file = from + end_at == file.state().size;
        return Block{buffer.data() + begin_at, newline + 1, from + begin_at, 0, ends_file};
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
  return Block{buffer.data() + begin_at, buffer.data() + size + 1, from + begin_at, 0, true};
}

base::SourcePosition Reader::position(const Part& part, const Block& block, const char* at,
                                      const std::string& place) const {
  const OpenFile& file = *snapshot_.files[part.file];
  base::SourcePosition position;
  position.source = name_of(file.input());
  if (file.input().kind == FileKind::kJson) {
    if (block.first_line != 0) {  // one for each resource of an array
      position.source += " item " + std::to_string(std::count(block.begin, at, '\n') + 1);
    }
    position.source += place;
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
