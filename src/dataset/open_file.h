// Files as they were at one moment: their states, and descriptors of as many as may be open.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/open_path.h"
#include "dataset/descriptor_cache.h"
#include "dataset/format.h"
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

/// As it is now, without a fingerprint.
base::Result<FileState> state_of_path(const std::string& path);

struct OpenOptions {
  /// Null: the descriptor stays open as long as the file is owned.
  std::shared_ptr<DescriptorCache> descriptors = nullptr;
  /// FIFOs and devices are refused also if they were named.
  base::SpecialFiles special = base::SpecialFiles::kAllowed;
};

/// A file and its state when it was opened. Its descriptor may have been closed since; then it is
/// opened again when it is needed, with the cache's patience (kUnavailable, which names it), and is
/// the same file in a state that goes with the first one, or reading it is kConflict. Thread-safe.
class OpenFile {
 public:
  /// What was found in a folder must be a regular file; so must everything if the options say so.
  /// Touches the file in this thread, as open_as_it_was() does.
  static base::Result<std::shared_ptr<const OpenFile>> open(const Input& input,
                                                            const OpenOptions& options = {});
  /// The same file in the state that it had before; kConflict if it has been changed, replaced or
  /// removed since. What was appended is not seen.
  static base::Result<std::shared_ptr<const OpenFile>> open_as_it_was(
      const Input& input, const FileState& state, const OpenOptions& options = {});
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const Input& input() const { return input_; }
  const FileState& state() const { return state_; }
  /// False for pipes and terminals, which can be read only once, from front to back.
  bool seekable() const { return seekable_; }
  /// Told by the first bytes. Of a file that cannot seek it is not known.
  const Format& format() const { return format_; }

  /// Reads up to `size` bytes at `offset`, no further than the file was long when opened. Fewer
  /// bytes only at its end; a file that has become shorter is kConflict.
  base::Result<size_t> read_at(char* to, size_t size, uint64_t offset,
                               const std::stop_token& stop = {}) const;
  /// The next bytes of a file that cannot seek; 0 at its end. Waits for them, kCancelled on a stop.
  base::Result<size_t> read_next(char* to, size_t size, const std::stop_token& stop = {}) const;
  /// kConflict if the file was changed in place since it was opened. What was appended is fine, as
  /// far as the ends of what was there before can tell. A file whose descriptor was closed must not
  /// have been replaced either. Touches the file in this thread.
  base::Status check_unchanged() const;

  /// The same for many in one look: for small files the hand-overs cost more than the files. One
  /// that does not answer is kUnavailable, and named.
  static base::Status check_unchanged(std::vector<std::shared_ptr<const OpenFile>> files,
                                      const std::stop_token& stop);
  /// Opens those that are closed, in one look. Whoever reads one that could not be opened is told.
  static void open_ahead(std::vector<std::shared_ptr<const OpenFile>> files,
                         const std::stop_token& stop);
  /// How many should be opened ahead, so that none is closed again before it is read; 0 if this one
  /// stays open anyway.
  size_t most_ahead() const;

 private:
  class Use;
  OpenFile(Input input, FileState state, bool seekable,
           std::shared_ptr<DescriptorCache> descriptors);
  base::Result<Use> use(const std::stop_token& stop) const;
  static base::Result<base::Descriptor> reopen(const Input& input, const FileState& state);
  void keep(base::Descriptor descriptor);
  base::Status read_ends(int descriptor);
  base::Status check_unchanged(int descriptor) const;
  base::Result<size_t> read_at(int descriptor, char* to, size_t size, uint64_t offset) const;

  const Input input_;
  FileState state_;  ///< constant once it is open, as is the format
  const bool seekable_;
  Format format_;
  const std::shared_ptr<DescriptorCache> descriptors_;
  mutable DescriptorCache::Slot slot_;  ///< without a cache its descriptor alone is used
};

using OpenFilePtr = std::shared_ptr<const OpenFile>;

}  // namespace kiln::dataset
