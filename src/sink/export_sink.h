// Where the files of exports are kept: a folder, memory, an object store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http.h"

namespace kiln::sink {

/// The place of one file. Jobs and names are made by us: see is_safe_name().
struct ObjectKey {
  std::string job;
  uint32_t attempt = 1;
  std::string name;

  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

/// True for a name that can be a path segment in every sink: 1 to 200 of A-Z a-z 0-9 . _ - and not
/// starting with '.'.
bool is_safe_name(std::string_view name);

/// What has been stored.
struct StoredObject {
  uint64_t size;
  std::string sha256;  ///< lower-case hex, of the stored bytes
};

/// Takes the bytes of one file. Called from one thread at a time. Destroyed before finish() has
/// succeeded, it leaves nothing behind that a reader could see; what else it leaves, remove_job()
/// takes away. Must not outlive its sink.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  /// After an error the file cannot become whole any more: finish() fails too.
  virtual base::Status write(std::string_view bytes) = 0;
  /// The file is whole, durable as far as the sink can make it, and readable from here on. Nothing
  /// can be written after it, whatever came of it.
  virtual base::Result<StoredObject> finish() = 0;
};

/// Files by job and attempt, below one root and one instance id. Files appear to readers whole or
/// not at all. Thread-safe.
///
/// Errors: kUnavailable if trying again may help (a store that is down, a full disk), kNotFound for
/// a file that is not there, kConflict for one that is there already or is shorter than asked for,
/// kLimit for a bound of the sink, kIo for the rest, kCancelled on a stop; kInternal for a name
/// that is not safe and for a writer that is used after its end.
class ExportSink {
 public:
  virtual ~ExportSink() = default;

  /// "filesystem", "memory", "s3".
  virtual std::string_view kind() const = 0;
  /// Whether stored files are still there after a restart of the server.
  virtual bool durable() const = 0;
  /// Bytes that the writer of one file may hold at most.
  virtual uint64_t writer_memory() const { return 0; }

  /// A file with the key must not exist, nor be on its way. A stop ends a write that waits.
  virtual base::Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key,
                                                             std::stop_token stop) = 0;
  /// `length` bytes from `offset` of a finished file, which has that many. Does not wait for a
  /// store: that a file is not there, or is shorter, may be told by the first read. A file that is
  /// removed while it is read goes on to its end or fails. The source must not outlive its sink.
  virtual base::Result<std::unique_ptr<net::BodySource>> open(const ObjectKey& key, uint64_t offset,
                                                              uint64_t length) = 0;
  /// An address that gives the file to whoever has it, until `seconds` from now; nothing if the
  /// sink does not do that. `content_type` and `file_name` are what the store should answer with.
  virtual std::optional<std::string> presign(const ObjectKey& key, uint32_t seconds,
                                             std::string_view content_type,
                                             std::string_view file_name) {
    (void)key, (void)seconds, (void)content_type, (void)file_name;
    return std::nullopt;
  }

  /// Removes every file of the job, of all attempts, finished or not; a job without files is
  /// removed already. Can be repeated after an error. A file whose writer is at work meanwhile may
  /// still appear: remove again when the writer has gone. A stop ends a wait for a store.
  virtual base::Status remove_job(std::string_view job, std::stop_token stop) = 0;
  /// Removes the files of the attempts before `attempt`.
  virtual base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                              std::stop_token stop) = 0;
  /// Jobs of this instance that have files, or what a crash left of them, sorted; what is not ours
  /// by its name is not listed.
  virtual base::Result<std::vector<std::string>> list_jobs(std::stop_token stop) = 0;

  /// The note that tells servers of the same instance whose the output is: the text that was put
  /// there last, "" if none was. It is no output and in no list.
  virtual base::Result<std::string> lease(std::stop_token stop) = 0;
  /// Replaces it in one step; durable as far as the sink can make it. A safe name. Needs no room
  /// where there is one already.
  virtual base::Status put_lease(std::string_view text, std::stop_token stop) = 0;
  /// Names that may be other instances' in the same place, sorted.
  virtual base::Result<std::vector<std::string>> other_instances(std::stop_token stop) = 0;
};

}  // namespace kiln::sink
