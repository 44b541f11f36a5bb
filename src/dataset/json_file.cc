#include "dataset/json_file.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "dataset/bundle.h"
#include "dataset/byte_stream.h"
#include "json/document.h"
#include "json/line_parser.h"
#include "json/minify.h"
#include "json/validate.h"

namespace kiln::dataset {
namespace {

/// A .json file is held in memory as a whole.
constexpr size_t kLargestFile = size_t{1} << 30;
constexpr size_t kStep = size_t{1} << 20;

base::Result<std::string> read_all(const OpenFilePtr& file, const std::stop_token& stop) {
  KILN_ASSIGN(auto stream, open_stream(file, stop));
  std::string text;
  size_t size = 0;
  size_t wanted = file->seekable() ? static_cast<size_t>(file->state().size) + 1 : kStep;
  for (;;) {
    if (std::max(size, wanted) > kLargestFile) {
      return base::Error(base::ErrorCode::kLimit,
                         "a .json file is larger than 1 GiB; use NDJSON: " + file->input().path);
    }
    text.resize(wanted);
    KILN_ASSIGN(const size_t got, stream->read(text.data() + size, text.size() - size));
    size += got;
    if (got == 0) {
      text.resize(size);
      return text;
    }
    if (size == text.size()) wanted = size + std::max(kStep, size / 2);
  }
}

void pad(std::string& line) {
  line += '\n';
  line.append(json::kPadding, '\0');
}

/// Lines in a buffer, one after the other.
class Lines {
 public:
  explicit Lines(BlockBuffer& buffer) : buffer_(buffer) { buffer_.reserve(0, 0); }
  void add(std::string_view line) {
    buffer_.reserve(size_ + line.size() + 1, size_);
    std::memcpy(buffer_.data() + size_, line.data(), line.size());
    size_ += line.size();
    buffer_.data()[size_++] = '\n';
  }
  Block block(uint64_t first_line) const {
    Block block{buffer_.data(), buffer_.data() + size_, 0, first_line, true};
    block.laid_out = true;
    return block;
  }

 private:
  BlockBuffer& buffer_;
  size_t size_ = 0;
};

/// One JSON value on one line.
class JsonFile {
 public:
  JsonFile(std::string_view text, BlockBuffer& buffer) : lines_(buffer) {
    json::minify(text, line_);
  }

  /// False if it is no JSON of resources or other things; then error() may tell why.
  bool lay_out() { return line_.starts_with('[') ? lay_out_array() : lay_out_object(); }
  const char* error() const { return error_; }
  bool has_resources() const { return has_resources_; }
  Block block() const { return lines_.block(is_array_ ? 1 : 0); }

 private:
  bool lay_out_object() {
    const size_t size = line_.size();
    if (!line_.starts_with('{')) {
      const auto problem = json::find_problem(line_);
      error_ = problem ? problem->message : size == 0 ? "expected a resource" : nullptr;
      return error_ == nullptr;
    }
    pad(line_);
    const std::string_view text(line_.data(), size);
    const std::string_view type = json::find_resource_type(line_.data());
    if (type == "Bundle") {
      // The way to its entries, then brackets alone: the resources are parsed when they are wanted.
      const json::Shape nothing({json::ShapeNode()}, nullptr);
      error_ = BundleReader().open(line_.data()).error;
      if (error_ == nullptr) error_ = json::LineParser(nothing).parse("", line_.data()).error;
    } else if (const auto problem = json::find_problem(text, json::RepeatedKeys::kAllowed)) {
      error_ = problem->message;
    }
    if (error_ != nullptr) return false;
    has_resources_ = !type.empty();
    lines_.add(text);
    return true;
  }

  bool lay_out_array() {
    is_array_ = true;
    line_ = "{\"items\":" + line_ + "}";
    pad(line_);
    std::vector<json::ShapeNode> nodes(3);
    nodes[0].fields = {{"items", 1, 1}, {"", 2, 2}};  // the second keeps the parser going
    const json::Shape shape(nodes, nullptr);
    json::LineParser parser(shape);
    error_ = parser.parse("", line_.data()).error;
    if (error_ != nullptr) return false;
    const json::Tape& tape = parser.tape();
    for (uint32_t item = 2; item < tape.size(); item = tape[item].end) {
      lines_.add(json_of(tape[item]));
    }
    return true;
  }

  std::string_view json_of(const json::Node& node) {
    std::string_view text = node.view();
    if (node.kind == json::NodeKind::kString) return {text.data() - 1, text.size() + 2};
    has_resources_ |=
        node.kind == json::NodeKind::kObject && !json::find_resource_type(text.data()).empty();
    return text;
  }

  std::string line_;
  Lines lines_;
  const char* error_ = nullptr;
  bool is_array_ = false;
  bool has_resources_ = false;
};

}  // namespace

base::Result<Block> load_json(const OpenFilePtr& file, BlockBuffer& buffer,
                              const std::stop_token& stop) {
  KILN_ASSIGN(std::string text, read_all(file, stop));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  JsonFile json(text, buffer);
  const std::string name = name_of(file->input());
  if (!json.lay_out()) {
    // Once more, for where it is wrong in the text as it was written.
    KILN_TRY(json::Document::parse(std::move(text), name));
    return base::Error(base::ErrorCode::kInvalid, json.error()).at({name, 0, 0});
  }
  if (json.has_resources()) return json.block();
  if (file->input().found) {
    Block none = json.block();
    none.end = none.begin;
    none.left_out = true;
    return none;
  }
  return base::Error(base::ErrorCode::kInvalid, "the file holds no resource").at({name, 0, 0});
}

}  // namespace kiln::dataset
