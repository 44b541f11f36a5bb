// The ways of writing files of rows. Internal to the library.
#pragma once

#include "output/writers.h"

namespace kiln::output {

base::Result<std::unique_ptr<RowsOutput>> open_text(const Layout& layout,
                                                    const table::Schema& schema,
                                                    std::unique_ptr<Files> files, Writers& writers);
base::Result<std::unique_ptr<RowsOutput>> open_parquet(const Layout& layout,
                                                       const table::Schema& schema,
                                                       std::unique_ptr<Files> files,
                                                       Writers& writers);

}  // namespace kiln::output
