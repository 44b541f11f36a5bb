// Exports in memory, for tests and demonstrations: gone with the process.
#pragma once

#include <memory>

#include "sink/export_sink.h"

namespace kiln::sink {

/// At most `capacity` bytes of all files together, unfinished ones included; a write over it is
/// kLimit. What a reader still holds after a removal is not counted.
std::unique_ptr<ExportSink> make_memory_sink(uint64_t capacity);

}  // namespace kiln::sink
