// Resources out of a .json file: one, or those of a Bundle.
#pragma once

#include "dataset/reader.h"

namespace kiln::dataset {

/// Reads the whole file and lays its resources out as lines in `buffer`. Each line has the number
/// of its entry, from 1; it is blank if the entry has no resource.
base::Result<Block> load_json(const OpenFilePtr& file, BlockBuffer& buffer,
                              const std::stop_token& stop = {});

}  // namespace kiln::dataset
