#include "dataset/text_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataset/lines.h"
#include "json/line_parser.h"

namespace kiln::dataset {
namespace {

/// Copied only if there is no room: a text that grows by itself doubles.
std::string padded(std::string lines) {
  const size_t needed = lines.size() + 1 + json::kPadding;
  if (lines.capacity() < needed) {
    std::string roomy;
    roomy.reserve(needed);
    roomy += lines;
    lines = std::move(roomy);
  }
  return std::move(lines.append(1, '\n').append(json::kPadding, '\0'));
}

}  // namespace

base::Result<SourcePtr> TextSource::open(std::string name, std::string lines,
                                         base::MemoryBudget* budget) {
  std::shared_ptr<TextSource> source(new TextSource(std::move(name), std::move(lines)));
  if (budget != nullptr) {
    KILN_TRY(source->memory_.emplace(*budget).reserve(source->text_.capacity()));
  }
  return SourcePtr(std::move(source));
}

TextSource::TextSource(std::string name, std::string lines)
    : Source({std::move(name), "", "", lines.size(), false}), text_(padded(std::move(lines))) {}

std::unique_ptr<Parts> TextSource::parts(const ReaderOptions& options) const {
  return std::make_unique<Ranges>(about().size, options);
}

base::Result<Block> TextSource::load(const Part& part, BlockBuffer&,
                                     const ReaderOptions& options) const {
  const char* const text = text_.data();
  const char* const part_end = text + part.offset + part.size;
  const char* const begin =
      part.offset == 0 ? text + size_of_mark(text_) : first_line(text + part.offset, part_end);
  if (begin == nullptr) return Block{text, text, part.offset, 0};
  const char* const end = static_cast<const char*>(rawmemchr(part_end - 1, '\n')) + 1;
  Block block{begin, end, static_cast<uint64_t>(begin - text), 0};
  block.ends_source = static_cast<uint64_t>(end - text) >= about().size;
  if (static_cast<size_t>(end - begin) <= options.max_line_size) return block;
  const void* const newline = memrchr(begin, '\n', static_cast<size_t>(end - 1 - begin));
  const char* const last = newline == nullptr ? begin : static_cast<const char*>(newline) + 1;
  if (static_cast<size_t>(end - 1 - last) <= options.max_line_size || end <= part_end) return block;
  return line_too_long(options.max_line_size).at(position(block, last, {}));
}

base::SourcePosition TextSource::position(const Block& block, const char* at,
                                          const std::string&) const {
  const char* const text = text_.data();
  const auto lines = std::count(text, text + block.offset, '\n');
  return position_in(block, at, static_cast<uint64_t>(lines) + 1, about().name);
}

base::Status TextSource::describe(json::Writer&) const {
  return base::Error(base::ErrorCode::kUnsupported,
                     "resources that came with a request are not kept");
}

base::Result<SnapshotPtr> snapshot_of_lines(std::string lines, base::MemoryBudget* budget) {
  auto snapshot = std::make_shared<Snapshot>();
  KILN_ASSIGN(SourcePtr source, TextSource::open("<request>", std::move(lines), budget));
  snapshot->sources.push_back(std::move(source));
  return SnapshotPtr(std::move(snapshot));
}

}  // namespace kiln::dataset
