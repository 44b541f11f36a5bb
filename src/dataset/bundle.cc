#include "dataset/bundle.h"

namespace kiln::dataset {
namespace {

constexpr uint16_t kEntry = 2;
constexpr uint16_t kResource = 3;

/// Keys resourceType and entry of the Bundle, resource of the entries; their values are not parsed.
const json::Shape& bundle_shape() {
  static const json::Shape kShape = [] {
    std::vector<json::ShapeNode> nodes(4);
    nodes[0].fields = {{"resourceType", 1, 1}, {"entry", kEntry, 2}};
    nodes[2].fields = {{"resource", kResource, 3}};
    return json::Shape(nodes, nullptr);
  }();
  return kShape;
}

}  // namespace

/// One Bundle within another: what the parser made of it, the entry at hand.
struct BundleReader::Level {
  Level() : parser(bundle_shape()) {}
  json::LineParser parser;
  size_t entry = 0;
};

BundleReader::BundleReader() = default;
BundleReader::~BundleReader() = default;

BundleReader::Level& BundleReader::level(size_t depth) {
  while (levels_.size() <= depth) levels_.push_back(std::make_unique<Level>());
  return *levels_[depth];
}

json::LineResult BundleReader::open(const char* line) {
  line_ = line;
  open_levels_ = 0;
  return level(0).parser.parse("Bundle", line);
}

std::optional<json::Problem> BundleReader::each(const Visit& visit) {
  const End end = each_at(0, visit);
  if (end != End::kProblem) return std::nullopt;
  return problem_;
}

BundleReader::End BundleReader::each_at(size_t depth, const Visit& visit) {
  Level& bundle = *levels_[depth];
  const json::Tape& tape = bundle.parser.tape();
  open_levels_ = depth + 1;
  bundle.entry = 0;
  for (uint32_t i = 1; i < tape.size(); i = tape[i].end) {
    if (tape[i].name != kEntry || tape[i].kind == json::NodeKind::kNull) continue;
    if (tape[i].kind != json::NodeKind::kArray) {
      return problem(tape[i].text, "a Bundle's 'entry' is not an array");
    }
    for (uint32_t entry = i + 1; entry < tape[i].end; entry = tape[entry].end) {
      ++bundle.entry;
      const json::NodeKind kind = tape[entry].kind;
      if (kind != json::NodeKind::kObject && kind != json::NodeKind::kNull) {
        return problem(tape[entry].text, "expected an entry of a Bundle");
      }
      const uint32_t child = entry + 1;
      if (child >= tape[entry].end || tape[child].kind == json::NodeKind::kNull) continue;
      const End end = visit_resource(depth, tape[child], visit);
      if (end != End::kDone) return end;
    }
  }
  open_levels_ = depth;
  return End::kDone;
}

BundleReader::End BundleReader::visit_resource(size_t depth, const json::Node& node,
                                               const Visit& visit) {
  if (node.kind != json::NodeKind::kObject) {
    return problem(node.text, "expected a resource in the entry");
  }
  if (!visit(node.view())) return End::kStopped;
  if (json::find_resource_type(node.text) != "Bundle") return End::kDone;
  if (depth + 1 == kMaxBundleDepth) {
    return problem(node.text, "Bundles are nested more than 8 deep");
  }
  const json::LineResult parsed = level(depth + 1).parser.parse_object("Bundle", node.text);
  if (parsed.kind == json::LineResult::Kind::kError) return problem(parsed.stop, parsed.error);
  return each_at(depth + 1, visit);
}

BundleReader::End BundleReader::problem(const char* at, const char* message) {
  problem_ = {static_cast<size_t>(at - line_), message};
  return End::kProblem;
}

std::string BundleReader::place() const {
  std::string place;
  for (size_t i = 0; i < open_levels_; ++i) {
    place += " entry " + std::to_string(levels_[i]->entry);
  }
  return place;
}

}  // namespace kiln::dataset
