// Where resources come from, whatever holds them: all that plan and engine see of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dataset/block.h"

namespace kiln::json {
class Writer;
}

namespace kiln::dataset {

class OpenFile;

struct ReaderOptions {
  size_t part_size = 1 << 20;
  size_t max_line_size = size_t{256} << 20;
  std::stop_token stop = {};  ///< ends waiting for what a source has to wait for
};

/// A part of the work: what one worker takes at once.
struct Part {
  uint64_t ordinal = 0;  ///< position in the order of the input, from 0 without gaps
  size_t source = 0;     ///< index in the snapshot
  uint64_t offset = 0;   ///< in the source, if it is to be loaded
  uint64_t size = 0;     ///< of what the source stores, for progress
  bool loaded = false;   ///< read already, as the source can only be read from front to back
  Block block;           ///< if loaded
};

/// One way through a source, from its first part to its last. Neither the source nor the options it
/// was made with may end before it. Not thread-safe: one worker at a time.
class Parts {
 public:
  virtual ~Parts() = default;
  /// Tells the next part, all but its ordinal and source; false at the end. What has to be read to
  /// tell it lies in `buffer` and the part is loaded. Not called again after an error, nor after a
  /// block that is left out.
  virtual base::Result<bool> next(Part& part, BlockBuffer& buffer) = 0;
};

/// Resources in one order and one state: a file, a text in memory. Immutable and thread-safe;
/// shared by the snapshots that have it in the same state. An error has its position.
class Source {
 public:
  /// What is known of it before it is read.
  struct About {
    std::string name;   ///< as messages call it: a path, "<stdin>", "<request>"
    std::string path;   ///< of the file it is, "-" for stdin; "" if it is none
    std::string type;   ///< all its resources should be of it; "": they may be of any
    uint64_t size = 0;  ///< of what is stored, for progress; 0 if that is not known
    bool once = false;  ///< can be read only once
  };

  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  const About& about() const { return about_; }
  bool may_hold(std::string_view type) const { return about_.type.empty() || about_.type == type; }

  virtual std::unique_ptr<Parts> parts(const ReaderOptions& options) const = 0;
  /// The lines that begin in a part that is not loaded; none if a longer line covers it. They lie
  /// in `buffer`, or in the source itself. kLimit, at its start, for a line that goes on behind the
  /// part and is longer than the options allow: lines within a part are not measured. kConflict if
  /// the source is not what it was.
  virtual base::Result<Block> load(const Part& part, BlockBuffer& buffer,
                                   const ReaderOptions& options) const = 0;
  /// Where a byte of a block lies. May read the source again to count lines. If the block was laid
  /// out it is the resource: `place` tells which of a Bundle.
  virtual base::SourcePosition position(const Block& block, const char* at,
                                        const std::string& place) const = 0;
  /// The file that it is, which may have to be opened again; null if it is none.
  virtual std::shared_ptr<const OpenFile> opened_file() const { return nullptr; }
  /// kConflict if what was read may not be what there was when the source was opened. A stop ends
  /// waiting for whoever has to be asked. For many sources: Snapshot::verify().
  virtual base::Status verify(const std::stop_token& stop) const = 0;
  /// An object for reopen_snapshot(); kUnsupported if the source cannot be had again.
  virtual base::Status describe(json::Writer& writer) const = 0;

 protected:
  explicit Source(About about) : about_(std::move(about)) {}

 private:
  const About about_;
};

using SourcePtr = std::shared_ptr<const Source>;

}  // namespace kiln::dataset
