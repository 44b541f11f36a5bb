// The same lines in parts of any size, by any number of threads: the same bytes, the same counts,
// the same error.
#include <sys/mman.h>
#include <unistd.h>

#include "dataset/file_source.h"
#include "engine/pipeline.h"
#include "engine/testing/text_output.h"
#include "engine/testing/text_sink.h"
#include "fuzz/fuzz.h"

namespace {

using namespace kiln;

const view::CompiledView& view() {
  static const view::ViewPtr kView = [] {
    view::Problems problems;
    const auto document = json::Document::parse(
        R"({"resourceType":"ViewDefinition","name":"v","resource":"Patient","select":[{"column":[)"
        R"({"name":"id","path":"id"}]},{"forEachOrNull":"name","column":[{"name":"family",)"
        R"("path":"family"}]}]})",
        "view");
    const auto definition = view::read_view(*document, (*document)->root(), problems);
    return view::CompiledView::compile(definition, {}, problems);
  }();
  return *kView;
}

std::string run(std::string_view text, size_t part_size, unsigned threads, bool skip) {
  static const int kDescriptor = memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kDescriptor);
  const bool written =
      ftruncate(kDescriptor, 0) == 0 &&
      pwrite(kDescriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  fuzz::check(written, "not written");
  auto snapshot = dataset::open_files({{kPath, dataset::FileKind::kNdjson, ""}});
  fuzz::check(snapshot.ok(), "not opened");
  engine::Options options;
  options.threads = threads;
  options.skip_errors = skip;
  options.reader.part_size = part_size;
  options.reader.max_line_size = 4096;
  std::string rows;
  const auto output = engine::make_text_output(table::Format::kCsv, view().schema(),
                                               std::make_unique<engine::TextSink>(rows));
  const auto summary = engine::run(*snapshot, {{&view(), output.get()}}, options, {}, nullptr);
  // What was written before an error depends on the parts; what the error is does not.
  if (!summary.ok()) return "error: " + summary.error().to_string();
  std::string counts = std::to_string(summary->rows[0]) + " " + std::to_string(summary->resources) +
                       " " + std::to_string(summary->bad_lines) + " " +
                       std::to_string(summary->bad_rows) + "\n";
  for (const base::Error& example : summary->examples) counts += example.to_string() + "\n";
  return counts + rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const size_t part_size = 1 + fuzz::take_choice(input, 256);
  const auto threads = static_cast<unsigned>(1 + fuzz::take_choice(input, 3));
  const bool skip = fuzz::take_choice(input, 2) == 1;
  const std::string expected = run(input, size_t{1} << 20, 1, skip);
  const std::string found = run(input, part_size, threads, skip);
  fuzz::check(found == expected, "parts make a difference", expected + "---\n" + found);
  return 0;
}
