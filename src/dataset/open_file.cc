#include "dataset/open_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

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

bool is_same_file(const FileState& a, const FileState& b) {
  return a.device == b.device && a.inode == b.inode;
}

/// Closes what it holds unless it was taken.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ > STDIN_FILENO) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  int take() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

base::Result<int> open_input(const Input& input, const OpenOptions& options) {
  if (input.path == "-") return STDIN_FILENO;
  return open_path(input.path, input.found ? SpecialFiles::kRefused : options.special);
}

}  // namespace

base::Result<FileState> state_of_path(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return base::io_error("cannot read " + path, errno);
  return state_of(info);
}

/// A descriptor for as long as it is needed.
class OpenFile::Use {
 public:
  Use(const OpenFile& file, int descriptor) : file_(&file), descriptor_(descriptor) {}
  Use(Use&& other) noexcept
      : file_(std::exchange(other.file_, nullptr)), descriptor_(other.descriptor_) {}
  ~Use() {
    if (file_ != nullptr && file_->descriptors_) file_->descriptors_->release(file_->slot_);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Use& operator=(Use&&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const OpenFile* file_;
  int descriptor_;
};

OpenFile::OpenFile(Input input, FileState state, bool seekable,
                   std::shared_ptr<DescriptorCache> descriptors)
    : input_(std::move(input)),
      state_(state),
      seekable_(seekable),
      descriptors_(seekable ? std::move(descriptors) : nullptr) {}

OpenFile::~OpenFile() {
  if (descriptors_) {
    descriptors_->remove(slot_);
  } else if (slot_.descriptor > STDIN_FILENO) {
    close(slot_.descriptor);
  }
}

base::Result<OpenFile::Use> OpenFile::use() const {
  if (!descriptors_) return Use(*this, slot_.descriptor);
  const int known = descriptors_->use(slot_);
  if (known >= 0) return Use(*this, known);
  auto opened = open_path(input_.path, SpecialFiles::kRefused);
  if (!opened.ok()) {
    // Not there any more, or something else in its place.
    if (opened.error().code() != base::ErrorCode::kNotFound) return std::move(opened).error();
    return changed(input_.path, "was removed");
  }
  Descriptor descriptor(*opened);
  struct stat info {};
  if (fstat(descriptor.get(), &info) != 0) {
    return base::io_error("cannot read " + input_.path, errno);
  }
  if (!is_same_file(state_of(info), state_)) return changed(input_.path, "was replaced");
  KILN_TRY(check_unchanged(descriptor.get()));
  return Use(*this, descriptors_->use_opened(slot_, descriptor.take()));
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::open(const Input& input,
                                                             const OpenOptions& options) {
  KILN_ASSIGN(const int opened, open_input(input, options));
  Descriptor descriptor(opened);
  struct stat info {};
  if (fstat(descriptor.get(), &info) != 0) {
    return base::io_error("cannot read " + input.path, errno);
  }
  const bool seekable = S_ISREG(info.st_mode) && input.path != "-";
  FileState state = state_of(info);
  if (!seekable) state.size = 0;
  std::shared_ptr<OpenFile> file(new OpenFile(input, state, seekable, options.descriptors));
  if (seekable) KILN_TRY(file->read_ends(descriptor.get()));
  file->keep(descriptor.take());
  return std::shared_ptr<const OpenFile>(std::move(file));
}

void OpenFile::keep(int descriptor) {
  if (descriptors_) {
    descriptors_->add(slot_, descriptor);
  } else {
    slot_.descriptor = descriptor;
  }
}

/// The fingerprint and the format. What is read is bounded by the length of the file.
base::Status OpenFile::read_ends(int descriptor) {
  static constexpr uint64_t kEnd = 4096;
  std::array<char, kEnd> bytes;
  KILN_ASSIGN(const size_t head, read_at(descriptor, bytes.data(), bytes.size(), 0));
  format_ = format_of({bytes.data(), std::min(head, kFormatBytes)});
  const uint64_t first = base::crc32c({bytes.data(), head});
  size_t tail = head;
  if (state_.size > kEnd) {
    KILN_ASSIGN(tail, read_at(descriptor, bytes.data(), bytes.size(), state_.size - kEnd));
  }
  state_.fingerprint = first << 32 | base::crc32c({bytes.data(), tail});
  return {};
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::open_as_it_was(const Input& input,
                                                                       const FileState& state,
                                                                       const OpenOptions& options) {
  const auto gone = [&](const std::string& how) {
    return base::Error(base::ErrorCode::kConflict,
                       "the data have changed since the job was accepted: " + how)
        .at({input.path});
  };
  auto opened = open_input(input, options);
  if (!opened.ok()) {
    if (opened.error().code() == base::ErrorCode::kUnavailable) return std::move(opened).error();
    return gone("a file cannot be opened any more");
  }
  Descriptor descriptor(*opened);
  struct stat info {};
  if (fstat(descriptor.get(), &info) != 0) return gone("a file cannot be opened any more");
  const FileState now = state_of(info);
  if (!is_same_file(now, state)) return gone("a file was replaced");
  if (now.size < state.size) return gone("a file became shorter");
  if (now.size == state.size && now.modified_ns != state.modified_ns) {
    return gone("a file was written to");
  }
  std::shared_ptr<OpenFile> file(
      new OpenFile(input, state, S_ISREG(info.st_mode), options.descriptors));
  if (!file->read_ends(descriptor.get()).ok() || file->state_ != state) {
    return gone("a file was written to");
  }
  file->keep(descriptor.take());
  return std::shared_ptr<const OpenFile>(std::move(file));
}

base::Result<size_t> OpenFile::read_at(char* to, size_t size, uint64_t offset) const {
  if (offset >= state_.size) return size_t{0};
  KILN_ASSIGN(const Use file, use());
  return read_at(file.descriptor(), to, size, offset);
}

base::Result<size_t> OpenFile::read_at(int descriptor, char* to, size_t size,
                                       uint64_t offset) const {
  if (offset >= state_.size) return size_t{0};
  size = static_cast<size_t>(std::min<uint64_t>(size, state_.size - offset));
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        pread(descriptor, to + done, size - done, static_cast<off_t>(offset + done));
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
  pollfd wanted{slot_.descriptor, POLLIN, 0};
  for (;;) {
    if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
    const int ready = poll(&wanted, 1, stop.stop_possible() ? kMillisecondsBetweenChecks : -1);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = read(slot_.descriptor, to, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) {
      return base::io_error("cannot read " + input_.path, errno);
    }
  }
}

base::Status OpenFile::check_unchanged() const {
  if (!seekable_) return {};
  if (descriptors_) {
    const auto now = state_of_path(input_.path);
    const bool same = now.ok() && is_same_file(*now, state_) && now->size == state_.size &&
                      now->modified_ns == state_.modified_ns;
    if (same) return {};
  }
  KILN_ASSIGN(const Use file, use());
  return check_unchanged(file.descriptor());
}

base::Status OpenFile::check_unchanged(int descriptor) const {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) return base::io_error("cannot read " + input_.path, errno);
  const FileState now = state_of(info);
  if (now.size < state_.size) return changed(input_.path, "became shorter");
  if (now.size == state_.size && now.modified_ns != state_.modified_ns) {
    return changed(input_.path, "was changed");
  }
  if (now.modified_ns == state_.modified_ns) return {};
  OpenFile again(input_, state_, seekable_, nullptr);
  KILN_TRY(again.read_ends(descriptor));
  return again.state_ == state_ ? base::Status() : changed(input_.path, "was written anew");
}

}  // namespace kiln::dataset
