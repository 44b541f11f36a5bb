// Lines of anything through the pruned parser: all SIMD targets must agree on the result, where it
// stopped and the tape; what a pruned shape keeps must be what a whole one keeps; and a line that
// is valid JSON in every byte must be no error.
#include <algorithm>

#include "fhir/key_names.h"
#include "fuzz/fuzz.h"
#include "json/line_parser.h"
#include "json/validate.h"
#include "tests/conformance/pruned.h"

namespace {

using namespace kiln;

struct Outcome {
  json::LineResult::Kind kind;
  size_t stop;
  std::string tape;
};

Outcome parse(const json::Shape& shape, const json::Scanner& scanner, const std::string& line) {
  json::LineParser parser(shape, scanner);
  const json::LineResult result = parser.parse("Patient", line.data());
  return {result.kind, static_cast<size_t>(result.stop - line.data()),
          conformance::describe(parser.tape())};
}

Outcome agreed(const json::Shape& shape, const std::string& line) {
  const Outcome first = parse(shape, json::Scanner::best(), line);
  for (const json::Scanner& scanner : json::Scanner::all()) {
    const Outcome other = parse(shape, scanner, line);
    fuzz::check(other.kind == first.kind, "targets differ in the kind", scanner.target);
    fuzz::check(other.stop == first.stop, "targets differ in where they stop", scanner.target);
    fuzz::check(other.tape == first.tape, "targets differ in the tape", scanner.target);
    fuzz::check(scanner.find_resource_type(line.data()) ==
                    json::Scanner::best().find_resource_type(line.data()),
                "targets differ in the type", scanner.target);
  }
  return first;
}

bool has_nested_arrays(std::string_view text) {
  char last = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (c == '[' && (last == '[' || last == ',' || last == ']')) return true;
    last = c;
  }
  return false;
}

const json::Shape& whole_shape() {
  static const fhir::KeyNames kNames;
  static const json::Shape kShape = [] {
    json::ShapeNode whole;
    whole.whole = true;
    return json::Shape({whole}, &kNames);
  }();
  return kShape;
}

const json::Shape& pruned_shape() {
  static const auto kPrepared = [] {
    const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
    auto made = conformance::prepare(
        "id | name.where(use = 'official').given | contact.name.family | birthDate.extension.url",
        model, model.find_resource("Patient"));
    fuzz::check(made.ok(), "the expression does not compile");
    return std::move(made).value();
  }();
  return *kPrepared.shape;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string line = std::string(text) + '\n' + std::string(json::kPadding, '"');
    const Outcome whole = agreed(whole_shape(), line);
    const Outcome pruned = agreed(pruned_shape(), line);
    if (json::find_problem(text)) continue;
    // In every byte valid JSON. FHIR has no array directly inside an array: where that is kept it
    // is refused; what is jumped over may be anything.
    using Kind = json::LineResult::Kind;
    const bool patient = text.starts_with(R"({"resourceType":"Patient")");
    fuzz::check(whole.kind != Kind::kResource || pruned.kind == Kind::kResource,
                "pruned refuses a valid line", text);
    fuzz::check(!patient || whole.kind == Kind::kResource || has_nested_arrays(text),
                "a valid resource is refused", text);
  }
  return 0;
}
