#include "dataset/file_source.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/base64.h"
#include "dataset/json_file.h"
#include "dataset/left_out.h"
#include "dataset/lines.h"
#include "dataset/stream_parts.h"
#include "json/text.h"
#include "json/writer.h"

namespace kiln::dataset {
namespace {

constexpr size_t kReadUnit = 4096;
/// Read behind a part at first, to find the end of its last line.
constexpr size_t kFirstSlack = 16 * 1024;

/// A .json file is one part; whoever has claimed it reads it.
class WholeFile final : public Parts {
 public:
  explicit WholeFile(uint64_t size) : size_(size) {}
  base::Result<bool> next(Part& part, BlockBuffer&) override {
    part.size = size_;
    return !std::exchange(told_, true);
  }

 private:
  const uint64_t size_;
  bool told_ = false;
};

/// Ranges of a file, unless its head tells that there is nothing to be read.
class FoundRanges final : public Parts {
 public:
  FoundRanges(const OpenFile& file, const ReaderOptions& options)
      : file_(file), stop_(options.stop), ranges_(file.state().size, options) {}
  base::Result<bool> next(Part& part, BlockBuffer& buffer) override {
    KILN_ASSIGN(const bool more, ranges_.next(part, buffer));
    if (!more || part.offset != 0) return more;
    std::string head(kHeadSize, '\0');
    KILN_ASSIGN(const size_t got, file_.read_at(head.data(), head.size(), 0, stop_));
    head.resize(got);
    const uint64_t size = file_.state().size;
    if (holds_no_resources(head, got == size)) leave_out(part, size, buffer);
    return true;
  }

 private:
  const OpenFile& file_;
  const std::stop_token stop_;
  Ranges ranges_;
};

/// All 64 bits of it.
uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

uint64_t unsigned_of(json::Value value) {
  return static_cast<uint64_t>(value.integer().value_or(0));
}

/// JSON holds text, which a path need not be.
void write_path(json::Writer& writer, const std::string& path) {
  if (json::is_utf8(path)) {
    writer.member("path", path);
  } else {
    writer.member("path_base64", base::base64_encode(path));
  }
}

Source::About about_file(const OpenFile& file) {
  const Input& input = file.input();
  return {name_of(input), input.path, input.type, file.state().size, !file.seekable()};
}

}  // namespace

FileSource::FileSource(OpenFilePtr file) : Source(about_file(*file)), file_(std::move(file)) {}

base::Result<std::shared_ptr<const FileSource>> FileSource::open(const Input& input,
                                                                 const OpenOptions& options) {
  KILN_ASSIGN(OpenFilePtr file, OpenFile::open(input, options));
  return std::make_shared<const FileSource>(std::move(file));
}

std::string FileSource::path_of(json::Value description) {
  const json::Value encoded = description["path_base64"];
  if (encoded.missing()) return std::string(description["path"].text());
  return base::base64_decode(encoded.text()).value_or("");
}

base::Status FileSource::describe(json::Writer& writer) const {
  const Input& input = file_->input();
  const FileState& state = file_->state();
  writer.begin_object();
  write_path(writer, input.path);
  writer.key("json").boolean(input.kind == FileKind::kJson);
  writer.key("found").boolean(input.found).member("type", input.type);
  writer.key("device").number(state.device).key("inode").number(state.inode);
  writer.key("size").number(state.size).key("modified").number(state.modified_ns);
  writer.key("fingerprint").number(state.fingerprint);
  writer.end_object();
  return {};
}

base::Result<std::shared_ptr<const FileSource>> FileSource::reopen(json::Value description,
                                                                   const OpenOptions& options) {
  const FileKind kind = description["json"].boolean() ? FileKind::kJson : FileKind::kNdjson;
  const Input input{path_of(description), kind, std::string(description["type"].text()),
                    description["found"].boolean()};
  const FileState state{unsigned_of(description["device"]), unsigned_of(description["inode"]),
                        unsigned_of(description["size"]),
                        description["modified"].integer().value_or(0),
                        number_of(description["fingerprint"].text())};
  KILN_ASSIGN(OpenFilePtr file, OpenFile::open_as_it_was(input, state, options));
  return std::make_shared<const FileSource>(std::move(file));
}

std::unique_ptr<Parts> FileSource::parts(const ReaderOptions& options) const {
  const uint64_t size = file_->state().size;
  if (file_->input().kind == FileKind::kJson) return std::make_unique<WholeFile>(size);
  const Format& format = file_->format();
  if (!file_->seekable() || format.compression != Compression::kNone || !format.foreign.empty()) {
    return std::make_unique<StreamParts>(file_, options);
  }
  if (may_be_left_out(file_->input())) return std::make_unique<FoundRanges>(*file_, options);
  return std::make_unique<Ranges>(size, options);
}

base::Result<Block> FileSource::load(const Part& part, BlockBuffer& buffer,
                                     const ReaderOptions& options) const {
  if (file_->input().kind == FileKind::kJson) return load_json(file_, buffer, options.stop);
  return load_range(part, buffer, options);
}

base::Result<Block> FileSource::load_range(const Part& part, BlockBuffer& buffer,
                                           const ReaderOptions& options) const {
  const size_t longest = options.max_line_size;
  // From the byte before, to know whether a line begins at the part's first byte; and from the
  // start of its page, as copies that are not aligned take three times as long.
  const uint64_t from = part.offset == 0 ? 0 : (part.offset - 1) / kReadUnit * kReadUnit;
  const uint64_t part_end = part.offset + part.size;
  size_t wanted = static_cast<size_t>(part_end - from) + kFirstSlack;
  size_t size = 0;
  const auto read_to = [&](size_t target) -> base::Status {
    buffer.reserve(target, size);
    KILN_ASSIGN(const size_t got,
                file_->read_at(buffer.data() + size, target - size, from + size, options.stop));
    size += got;
    return {};
  };
  KILN_TRY(read_to(wanted));

  const char* begin = buffer.data();
  if (part.offset == 0) {
    begin += size_of_mark({begin, size});
  } else {
    const size_t in_part = std::min<size_t>(size, static_cast<size_t>(part_end - from));
    begin = first_line(begin + (part.offset - from), begin + in_part);
    if (begin == nullptr) return Block{buffer.data(), buffer.data(), from, 0};
  }
  // The last line begins before part_end and may go on behind it.
  const size_t begin_at = static_cast<size_t>(begin - buffer.data());
  size_t searched = static_cast<size_t>(part_end - from) - 1;
  for (;;) {
    if (searched < size) {
      const char* const data = buffer.data();
      const void* const newline = std::memchr(data + searched, '\n', size - searched);
      if (newline != nullptr) {
        const char* const end = static_cast<const char*>(newline) + 1;
        const bool ends_source = from + static_cast<uint64_t>(end - data) == file_->state().size;
        return Block{data + begin_at, end, from + begin_at, 0, ends_source};
      }
      searched = size;
    }
    if (size < wanted) break;  // the end of the file
    if (size - begin_at > longest) {
      const char* const last = static_cast<const char*>(memrchr(buffer.data(), '\n', size));
      const size_t line =
          last == nullptr ? begin_at : static_cast<size_t>(last - buffer.data()) + 1;
      if (size - line > longest) {
        return line_too_long(longest).at({about().name, line_at(from + line), 1});
      }
    }
    wanted = size * 2;
    KILN_TRY(read_to(wanted));
  }
  buffer.data()[size] = '\n';  // a file that does not end in one
  return Block{buffer.data() + begin_at, buffer.data() + size + 1, from + begin_at, 0, true};
}

base::SourcePosition FileSource::position(const Block& block, const char* at,
                                          const std::string& place) const {
  if (!block.laid_out) {
    const uint64_t first = block.first_line != 0 ? block.first_line : line_at(block.offset);
    return position_in(block, at, first, about().name);
  }
  base::SourcePosition position;
  position.source = about().name;
  if (block.first_line != 0) {  // one for each resource of an array
    position.source += " item " + std::to_string(std::count(block.begin, at, '\n') + 1);
  }
  position.source += place;
  return position;
}

/// The number of the line that a byte is in. What cannot be read any more is not counted.
uint64_t FileSource::line_at(uint64_t offset) const {
  uint64_t line = 1;
  std::vector<char> chunk(1 << 20);
  for (uint64_t counted = 0; counted < offset;) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(chunk.size(), offset - counted));
    const auto got = file_->read_at(chunk.data(), wanted, counted);
    if (!got.ok() || *got == 0) break;
    line += static_cast<uint64_t>(
        std::count(chunk.data(), chunk.data() + static_cast<ptrdiff_t>(*got), '\n'));
    counted += *got;
  }
  return line;
}

base::Result<Snapshot> open_files(const std::vector<Input>& inputs, const OpenOptions& options,
                                  const LookingAt& looking_at) {
  Snapshot snapshot;
  for (const Input& input : inputs) {
    if (looking_at) looking_at(input.path);
    KILN_ASSIGN(SourcePtr source, FileSource::open(input, options));
    snapshot.sources.push_back(std::move(source));
  }
  return snapshot;
}

}  // namespace kiln::dataset
