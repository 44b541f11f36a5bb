// Any JSON as a ViewDefinition, and the rows of what compiles: as many in every text format, valid
// JSON in NDJSON.
#include <algorithm>

#include "fhir/key_names.h"
#include "fuzz/fuzz.h"
#include "json/line_parser.h"
#include "json/validate.h"
#include "table/format/encoder.h"
#include "view/view.h"

namespace {

using namespace kiln;

constexpr const char* kLines[] = {
    R"({"resourceType":"Patient","id":"p1","name":[{"family":"A","given":["B","C"]},{"family":"D"}]})",
    R"({"resourceType":"Patient","active":true,"birthDate":"1974-12-25","telecom":[{"system":"phone"}]})",
    R"({"resourceType":"Patient","id":"p2","contact":[{"name":{"family":"\"x\",\n"}}]})",
    R"({"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50},"component":[{},{}]})",
};

void run(const view::CompiledView& view) {
  static const fhir::KeyNames kNames;
  const json::Shape shape(view.demand(), &kNames);
  json::LineParser parser(shape);
  view::RowEvaluation evaluation(view, {}, {true});
  table::Batch batch(view.schema());
  for (const char* text : kLines) {
    const std::string line = std::string(text) + '\n' + std::string(json::kPadding, '\0');
    if (parser.parse(view.resource(), line.data()).kind != json::LineResult::Kind::kResource) {
      continue;
    }
    (void)evaluation.append_rows(parser.tape(), batch);
    std::string rows;
    table::make_encoder(table::Format::kNdjson, view.schema(), {})->encode(batch, rows, nullptr);
    const auto lines = static_cast<size_t>(std::count(rows.begin(), rows.end(), '\n'));
    fuzz::check(lines == batch.rows(), "rows of NDJSON are not lines", rows);
    for (std::string_view rest = rows; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
      const std::string_view row = rest.substr(0, rest.find('\n'));
      fuzz::check(!json::find_problem(row), "a row is no JSON", row);
    }
    if (table::check_format(table::Format::kCsv, view.schema()).ok()) {
      std::string csv;
      table::make_encoder(table::Format::kCsv, view.schema(), {})->encode(batch, csv, nullptr);
      fuzz::check((batch.rows() == 0) == csv.empty(), "rows of CSV", csv);
    }
    batch.clear();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto document = json::Document::parse(std::string(fuzz::as_text(data, size)), "fuzz");
  if (!document.ok()) return 0;
  view::Problems problems;
  const view::ViewDefinition definition = view::read_view(*document, (*document)->root(), problems);
  if (!problems.ok()) return 0;
  const auto view = view::CompiledView::compile(definition, {}, problems);
  fuzz::check((view == nullptr) == !problems.ok(), "compiled with problems, or not without");
  if (view) run(*view);
  return 0;
}
