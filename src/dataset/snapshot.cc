#include "dataset/snapshot.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

namespace kiln::dataset {
namespace {

FileState state_of(const struct stat& info) {
  return {static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino),
          static_cast<uint64_t>(info.st_size),
          info.st_mtim.tv_sec * int64_t{1'000'000'000} + info.st_mtim.tv_nsec, 0};
}

base::Error changed(const std::string& path, const char* how) {
  return base::Error(base::ErrorCode::kConflict,
                     std::string("the file ") + how + " while it was being read")
      .at({path});
}

}  // namespace

OpenFile::OpenFile(Input input, int descriptor, FileState state, bool seekable)
    : input_(std::move(input)), descriptor_(descriptor), state_(state), seekable_(seekable) {}

OpenFile::~OpenFile() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::open(const Input& input) {
  const int descriptor =
      input.path == "-" ? STDIN_FILENO : ::open(input.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return base::io_error("cannot read " + input.path, errno);
  return adopt(input, descriptor);
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::adopt(const Input& input, int descriptor) {
  const bool is_stdin = descriptor == STDIN_FILENO;
  struct stat info {};
  const int error = fstat(descriptor, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
  if (error != 0) {
    if (!is_stdin) close(descriptor);
    return base::io_error("cannot read " + input.path, error);
  }
  const bool seekable = S_ISREG(info.st_mode) && !is_stdin;
  FileState state = state_of(info);
  if (!seekable) state.size = 0;
  std::shared_ptr<OpenFile> file(new OpenFile(input, descriptor, state, seekable));
  if (seekable) {
    KILN_ASSIGN(file->state_.fingerprint, file->fingerprint());
  }
  return std::shared_ptr<const OpenFile>(std::move(file));
}

/// What is read is bounded by the length that the file had when it was opened.
base::Result<uint64_t> OpenFile::fingerprint() const {
  static constexpr uint64_t kEnd = 4096;
  std::array<char, kEnd> bytes;
  KILN_ASSIGN(const size_t head, read_at(bytes.data(), bytes.size(), 0));
  const uint64_t first = base::crc32c({bytes.data(), head});
  const uint64_t tail_at = state_.size - std::min(state_.size, kEnd);
  KILN_ASSIGN(const size_t tail, read_at(bytes.data(), bytes.size(), tail_at));
  return first << 32 | base::crc32c({bytes.data(), tail});
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::open_as_it_was(const Input& input,
                                                                       const FileState& state) {
  const auto gone = [&](const std::string& how) {
    return base::Error(base::ErrorCode::kConflict,
                       "the data have changed since the job was accepted: " + how)
        .at({input.path});
  };
  auto opened = open(input);
  if (!opened.ok()) return gone("a file cannot be opened any more");
  const FileState& now = (*opened)->state();
  if (now.device != state.device || now.inode != state.inode) return gone("a file was replaced");
  if (now.size < state.size) return gone("a file became shorter");
  if (now.size == state.size && now.modified_ns != state.modified_ns) {
    return gone("a file was written to");
  }
  const int descriptor = fcntl((*opened)->descriptor_, F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) return base::io_error("cannot read " + input.path, errno);
  std::shared_ptr<const OpenFile> file(
      new OpenFile(input, descriptor, state, (*opened)->seekable()));
  if (!file->check_unchanged().ok()) return gone("a file was written to");
  return file;
}

base::Result<size_t> OpenFile::read_at(char* to, size_t size, uint64_t offset) const {
  if (offset >= state_.size) return size_t{0};
  size = static_cast<size_t>(std::min<uint64_t>(size, state_.size - offset));
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        pread(descriptor_, to + done, size - done, static_cast<off_t>(offset + done));
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (got == 0) {
      return changed(input_.path, "became shorter");
    } else if (errno != EINTR) {
      return base::io_error("cannot read " + input_.path, errno);
    }
  }
  return done;
}

base::Result<size_t> OpenFile::read_next(char* to, size_t size, const std::stop_token& stop) const {
  // A read() that waits for a silent writer would not see the stop.
  static constexpr int kMillisecondsBetweenChecks = 50;
  pollfd wanted{descriptor_, POLLIN, 0};
  while (stop.stop_possible()) {
    if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
    const int ready = poll(&wanted, 1, kMillisecondsBetweenChecks);
    if (ready > 0 || (ready < 0 && errno != EINTR)) break;
  }
  for (;;) {
    const ssize_t got = read(descriptor_, to, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return base::io_error("cannot read " + input_.path, errno);
  }
}

base::Status OpenFile::check_unchanged() const {
  if (!seekable_) return {};
  struct stat info {};
  if (fstat(descriptor_, &info) != 0) return base::io_error("cannot read " + input_.path, errno);
  const FileState now = state_of(info);
  if (now.size < state_.size) return changed(input_.path, "became shorter");
  if (now.size == state_.size && now.modified_ns != state_.modified_ns) {
    return changed(input_.path, "was changed");
  }
  if (now.modified_ns == state_.modified_ns) return {};
  KILN_ASSIGN(const uint64_t print, fingerprint());
  return print == state_.fingerprint ? base::Status() : changed(input_.path, "was written anew");
}

base::Result<Snapshot> Snapshot::open(const std::vector<Input>& inputs) {
  Snapshot snapshot;
  for (const Input& input : inputs) {
    KILN_ASSIGN(OpenFilePtr file, OpenFile::open(input));
    snapshot.files.push_back(std::move(file));
  }
  return snapshot;
}

}  // namespace kiln::dataset
