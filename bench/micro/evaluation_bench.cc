// A tape to rows: a view's programs without the parse.
#include <benchmark/benchmark.h>

#include "fixture.h"

namespace kiln::bench {
namespace {

void evaluate_view(benchmark::State& state) {
  const view::ViewPtr view = flat_view();
  const fhir::KeyNames names;
  const json::Shape shape(view->demand(), &names);
  const Lines lines;
  json::LineParser parser(shape);
  (void)parser.parse("Observation", lines.text.data());
  view::RowEvaluation evaluation(*view, {}, {});
  table::Batch batch(view->schema());
  for (auto _ : state) {
    if (!evaluation.append_rows(parser.tape(), batch).ok()) state.SkipWithError("no rows");
    if (batch.rows() >= 1024) batch.clear();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(evaluate_view);

}  // namespace
}  // namespace kiln::bench
