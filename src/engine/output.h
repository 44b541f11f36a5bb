// What the pipeline does with the rows of one view.
#pragma once

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "engine/byte_sink.h"
#include "table/batch.h"
#include "table/format/encoder.h"

namespace kiln::engine {

/// The rows of one block in the output's own form.
class Piece {
 public:
  virtual ~Piece() = default;
  uint64_t rows = 0;
  size_t memory = 0;  ///< bytes that it holds
};

/// One view's output. encode() runs on many workers at once, the rest in the order of the input,
/// one call at a time.
class Output {
 public:
  virtual ~Output() = default;
  /// Must not keep references into the batch.
  virtual base::Result<std::unique_ptr<Piece>> encode(const table::Batch& batch) = 0;
  /// At most `limit` rows of the piece are still wanted.
  virtual base::Status write(std::unique_ptr<Piece> piece, uint64_t limit) = 0;
  virtual base::Status finish() = 0;
};

/// Encoded rows into a byte sink. `limited`: pieces can be cut between rows.
std::unique_ptr<Output> make_text_output(std::unique_ptr<table::Encoder> encoder,
                                         std::unique_ptr<ByteSink> sink, bool limited);
/// The same in a text format. `options` as for make_encoder(); check_format() must have passed.
std::unique_ptr<Output> make_text_output(table::Format format, const table::Schema& schema,
                                         table::EncodeOptions options,
                                         std::unique_ptr<ByteSink> sink, bool limited);

}  // namespace kiln::engine
