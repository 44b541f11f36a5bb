#include "dataset/bundle.h"

#include <algorithm>

#include "json/document.h"
#include "json/line_parser.h"
#include "json/minify.h"

namespace kiln::dataset {
namespace {

/// A .json file is held in memory as a whole.
constexpr size_t kLargestFile = size_t{1} << 30;

base::Result<std::string> read_all(const OpenFilePtr& file, const std::stop_token& stop) {
  KILN_ASSIGN(auto stream, open_stream(file, stop));
  std::string text;
  for (;;) {
    const size_t before = text.size();
    if (before > kLargestFile) {
      return base::Error(base::ErrorCode::kLimit,
                         "a .json file is larger than 1 GiB; use NDJSON: " + file->input().path);
    }
    text.resize(before + (size_t{1} << 20) + before / 2);
    KILN_ASSIGN(const size_t got, stream->read(text.data() + before, text.size() - before));
    text.resize(before + got);
    if (got == 0) return text;
  }
}

constexpr uint16_t kEntry = 2;
constexpr uint16_t kResource = 3;

/// Keys resourceType and entry of the Bundle, resource of the entries; their values are not parsed.
json::Shape bundle_shape() {
  std::vector<json::ShapeNode> nodes(4);
  nodes[0].fields = {{"resourceType", 1, 1}, {"entry", kEntry, 2}};
  nodes[2].fields = {{"resource", kResource, 3}};
  return json::Shape(nodes, nullptr);
}

/// The text of each entry's resource, "" if it has none.
template <typename Function>
void for_each_entry(const json::Tape& tape, Function function) {
  for (uint32_t i = 1; i < tape.size(); i = tape[i].end) {
    if (tape[i].name != kEntry || tape[i].kind != json::NodeKind::kArray) continue;
    for (uint32_t entry = i + 1; entry < tape[i].end; entry = tape[entry].end) {
      const uint32_t child = entry + 1;
      const bool given = child < tape[entry].end && tape[child].name == kResource &&
                         tape[child].kind == json::NodeKind::kObject;
      function(given ? tape[child].view() : std::string_view());
    }
  }
}

}  // namespace

base::Result<Block> load_json(const OpenFilePtr& file, BlockBuffer& buffer,
                              const std::stop_token& stop) {
  KILN_ASSIGN(std::string text, read_all(file, stop));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::string line;
  json::minify(text, line);
  line.resize(line.size() + 1 + json::kPadding);
  line[line.size() - 1 - json::kPadding] = '\n';

  const bool is_bundle = json::find_resource_type(line.data()) == "Bundle";
  const json::Shape shape = bundle_shape();
  json::LineParser parser(shape);
  const json::LineResult parsed = parser.parse(is_bundle ? "Bundle" : "", line.data());
  const json::Tape& tape = parser.tape();
  if (parsed.kind == json::LineResult::Kind::kError ||
      parsed.kind == json::LineResult::Kind::kBlank) {
    // Once more, for where it is wrong in the text as it was written.
    KILN_TRY(json::Document::parse(std::move(text), file->input().path));
    return base::Error(base::ErrorCode::kInvalid,
                       parsed.error == nullptr ? "expected a resource" : parsed.error)
        .at({file->input().path, 0, 0});
  }
  const auto append = [&](size_t at, std::string_view resource) {
    buffer.reserve(at + resource.size() + 1, at);
    std::copy(resource.begin(), resource.end(), buffer.data() + at);
    buffer.data()[at + resource.size()] = '\n';
    return at + resource.size() + 1;
  };
  size_t size = 0;
  if (!is_bundle) {
    size = append(0, std::string_view(line.data(), line.size() - 1 - json::kPadding));
  } else {
    buffer.reserve(0, 0);
    for_each_entry(tape, [&](std::string_view resource) { size = append(size, resource); });
  }
  return Block{buffer.data(), buffer.data() + size, 0, 1};
}

}  // namespace kiln::dataset
