#include "output/writers.h"

#include <algorithm>

#include "base/clock.h"
#include "output/rows_output.h"

namespace kiln::output {

namespace {

/// Half; but beside it and what is taken for good there is room for what a job waits for, which is
/// a quarter, and for requests.
uint64_t part_of(const base::MemoryBudget& memory) {
  const uint64_t free = memory.limit() - memory.taken();
  const uint64_t others = memory.limit() / 8 * 3;
  return std::min(memory.limit() / 2, free - std::min(free, others));
}

bool is_text(const Layout& layout) { return traits_of(layout.format).make_encoder != nullptr; }

}  // namespace

Writers::Writers(unsigned threads, std::string scratch_dir, base::MemoryBudget* memory)
    : threads_(threads),
      scratch_dir_(std::move(scratch_dir)),
      parquet_(threads,
               memory == nullptr ? nullptr : &parquet_memory_.emplace(*memory, part_of(*memory))) {}
Writers::~Writers() = default;

base::CommonMemory* Writers::common_memory(const Layout& layout) {
  return is_text(layout) || !parquet_memory_ ? nullptr : &*parquet_memory_;
}

base::Result<std::unique_ptr<RowsOutput>> Writers::open(const Layout& layout,
                                                        const table::Schema& schema,
                                                        std::unique_ptr<Files> files) {
  return is_text(layout) ? open_text(layout, schema, std::move(files), *this)
                         : open_parquet(layout, schema, std::move(files), *this);
}

std::string Writers::scratch_path() const {
  base::SystemRandom random;
  return scratch_dir_ + "/" + base::random_hex(random, 16);
}

}  // namespace kiln::output
