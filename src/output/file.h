// Where the bytes of one output go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/digest.h"
#include "engine/byte_sink.h"

namespace kiln::output {

/// One file, object or stream on its way. Called from one thread at a time.
class File : public engine::ByteSink {
 public:
  /// A regular file that may be written in place of calling write(), as DuckDB does; "" if bytes
  /// can only be handed over.
  virtual std::string path() const { return ""; }
  /// After finish(): what was written. Empty if the file does not know.
  virtual base::FileDigest written() const { return {}; }
};

/// Opens the files of one output, one after the other.
class Files {
 public:
  virtual ~Files() = default;
  /// `part` counts from 1; 0: the output is one file.
  virtual base::Result<std::unique_ptr<File>> create(uint64_t part) = 0;
};

/// Of an output that is one file.
std::unique_ptr<Files> one_file(std::unique_ptr<File> file);
/// Of one that goes through a stream.
std::unique_ptr<Files> one_stream(std::unique_ptr<engine::ByteSink> stream);

}  // namespace kiln::output
