// Rows to bytes, for each text format.
#include <benchmark/benchmark.h>

#include "fixture.h"
#include "table/format/encoder.h"

namespace kiln::bench {
namespace {

void encode(benchmark::State& state, table::Format format) {
  const view::ViewPtr view = flat_view();
  const fhir::KeyNames names;
  const json::Shape shape(view->demand(), &names);
  const Lines lines;
  table::Batch batch(view->schema());
  json::LineParser parser(shape);
  view::RowEvaluation evaluation(*view, {}, {});
  for (const size_t start : lines.starts) {
    (void)parser.parse("Observation", lines.text.data() + start);
    if (!evaluation.append_rows(parser.tape(), batch).ok()) state.SkipWithError("no rows");
  }
  const auto encoder = table::make_encoder(format, view->schema(), {});
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder->encode(batch, out, nullptr);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * out.size()));
}
BENCHMARK_CAPTURE(encode, csv, table::Format::kCsv);
BENCHMARK_CAPTURE(encode, ndjson, table::Format::kNdjson);
BENCHMARK_CAPTURE(encode, json, table::Format::kJson);

}  // namespace
}  // namespace kiln::bench
