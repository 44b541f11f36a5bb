// A line to a tape: pruned to a view's needs, and whole.
#include <benchmark/benchmark.h>

#include "fixture.h"

namespace kiln::bench {
namespace {

void parse_lines(benchmark::State& state, const json::Shape& shape) {
  const Lines lines;
  json::LineParser parser(shape);
  for (auto _ : state) {
    for (const size_t start : lines.starts) {
      benchmark::DoNotOptimize(parser.parse("Observation", lines.text.data() + start));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * lines.size));
}

void scan_pruned(benchmark::State& state) {
  const view::ViewPtr view = flat_view();
  const fhir::KeyNames names;
  parse_lines(state, json::Shape(view->demand(), &names));
}
BENCHMARK(scan_pruned);

void scan_whole(benchmark::State& state) {
  const fhir::KeyNames names;
  json::ShapeNode whole;
  whole.whole = true;
  parse_lines(state, json::Shape({whole}, &names));
}
BENCHMARK(scan_whole);

void scan_needle(benchmark::State& state) {
  const Lines lines;
  const json::Needle needle("\"component\"");
  for (auto _ : state) {
    for (const size_t start : lines.starts) {
      benchmark::DoNotOptimize(
          json::Scanner::best().search_line(needle, lines.text.data() + start));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * lines.size));
}
BENCHMARK(scan_needle);

}  // namespace
}  // namespace kiln::bench
