// Files as they were at one moment: open descriptors and their lengths.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "dataset/input.h"

namespace kiln::dataset {

/// What tells one state of a file from another.
struct FileState {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t modified_ns = 0;
  /// Of the first and the last few kilobytes: tells appending from writing anew.
  uint64_t fingerprint = 0;

  friend bool operator==(const FileState&, const FileState&) = default;
};

/// An open file and its state when it was opened. Closed with the last owner. Thread-safe.
class OpenFile {
 public:
  static base::Result<std::shared_ptr<const OpenFile>> open(const Input& input);
  /// The same file in the state that it had before; kConflict if it has been changed, replaced or
  /// removed since. What was appended is not seen.
  static base::Result<std::shared_ptr<const OpenFile>> open_as_it_was(const Input& input,
                                                                      const FileState& state);
  /// Takes over a descriptor, and closes it on an error too.
  static base::Result<std::shared_ptr<const OpenFile>> adopt(const Input& input, int descriptor);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const Input& input() const { return input_; }
  const FileState& state() const { return state_; }
  /// False for pipes and terminals, which can be read only once, from front to back.
  bool seekable() const { return seekable_; }

  /// Reads up to `size` bytes at `offset`, no further than the file was long when opened. Fewer
  /// bytes only at its end; a file that has become shorter is kConflict.
  base::Result<size_t> read_at(char* to, size_t size, uint64_t offset) const;
  /// The next bytes of a file that cannot seek; 0 at its end. Waits for them, kCancelled on a stop.
  base::Result<size_t> read_next(char* to, size_t size, const std::stop_token& stop = {}) const;
  /// kConflict if the file was changed in place since it was opened. What was appended is fine, as
  /// far as the ends of what was there before can tell.
  base::Status check_unchanged() const;

 private:
  OpenFile(Input input, int descriptor, FileState state, bool seekable);
  base::Result<uint64_t> fingerprint() const;
  const Input input_;
  const int descriptor_;
  FileState state_;  ///< constant once it is open
  const bool seekable_;
};

using OpenFilePtr = std::shared_ptr<const OpenFile>;

/// One consistent state of the data: what is appended to a file later is not seen, a file that is
/// changed in place makes reading fail.
struct Snapshot {
  std::vector<OpenFilePtr> files;

  static base::Result<Snapshot> open(const std::vector<Input>& inputs);
};

}  // namespace kiln::dataset
