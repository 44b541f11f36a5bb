// .json files: one resource, an array of them, or a Bundle.
#pragma once

#include "dataset/block.h"
#include "dataset/open_file.h"

namespace kiln::dataset {

/// Reads the whole file, of at most 1 GiB, and lays it out as one line in `buffer`; an array as a
/// line for each item, numbered from 1. Its brackets, and every byte of what is no Bundle, are
/// checked. A file that holds no resources is kInvalid, or left out if it was found.
base::Result<Block> load_json(const OpenFilePtr& file, BlockBuffer& buffer,
                              const std::stop_token& stop = {});

}  // namespace kiln::dataset
