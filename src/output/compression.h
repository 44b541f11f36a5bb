// Texts into compressed files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/byte_sink.h"
#include "output/layout.h"

namespace kiln::output {

/// One compressed file: a single gzip member or zstd frame, as there are readers that stop at the
/// end of the first.
class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Goes on with `text`. `prepared`: what prepare() made of it, or "".
  virtual base::Status add(std::string_view text, std::string_view prepared,
                           engine::ByteSink& to) = 0;
  virtual base::Status finish(engine::ByteSink& to) = 0;
};

/// Null for kNone. `threads` of its own if the format cannot be prepared.
std::unique_ptr<Compressor> make_compressor(Compression compression, unsigned threads);

/// The part of the work that needs nothing but the text itself, to be done by many workers at once.
/// Empty for a compression that has no such part.
std::string prepare(Compression compression, std::string_view text);

}  // namespace kiln::output
