#include "output/writers.h"

#include "base/clock.h"
#include "output/rows_output.h"

namespace kiln::output {

Writers::Writers(unsigned threads, std::string scratch_dir, uint64_t process_memory)
    : threads_(threads), scratch_dir_(std::move(scratch_dir)), parquet_(threads, process_memory) {}
Writers::~Writers() = default;

base::Result<std::unique_ptr<RowsOutput>> Writers::open(const Layout& layout,
                                                        const table::Schema& schema,
                                                        std::unique_ptr<Files> files) {
  const bool text = traits_of(layout.format).make_encoder != nullptr;
  return text ? open_text(layout, schema, std::move(files), *this)
              : open_parquet(layout, schema, std::move(files), *this);
}

std::string Writers::scratch_path() const {
  base::SystemRandom random;
  return scratch_dir_ + "/" + base::random_hex(random, 16);
}

}  // namespace kiln::output
