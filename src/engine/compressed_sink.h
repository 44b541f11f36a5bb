// Compression of what goes into a byte sink.
#pragma once

#include <memory>

#include "engine/byte_sink.h"

namespace kiln::engine {

/// gzip (RFC 1952), one member; the same bytes for the same input.
std::unique_ptr<ByteSink> make_gzip_sink(std::unique_ptr<ByteSink> sink);
/// Zstandard (RFC 8878), one frame with a checksum.
std::unique_ptr<ByteSink> make_zstd_sink(std::unique_ptr<ByteSink> sink);

}  // namespace kiln::engine
