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

base::Result<base::Descriptor> open_input(const Input& input, const OpenOptions& options) {
  if (input.path == "-") return base::Descriptor(STDIN_FILENO);
  return base::open_path(input.path, input.found ? base::SpecialFiles::kRefused : options.special);
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

base::Result<OpenFile::Use> OpenFile::use(const std::stop_token& stop) const {
  if (!descriptors_) return Use(*this, slot_.descriptor);
  const int known = descriptors_->use(slot_);
  if (known >= 0) return Use(*this, known);
  KILN_ASSIGN(
      base::Descriptor descriptor,
      descriptors_->patience().run<base::Descriptor>(
          input_.path,
          [input = input_, state = state_](base::Patience::Look&) { return reopen(input, state); },
          stop));
  return Use(*this, descriptors_->use_opened(slot_, descriptor.take()));
}

/// The file that was in this state, in one that goes with it.
base::Result<base::Descriptor> OpenFile::reopen(const Input& input, const FileState& state) {
  auto opened = base::open_path(input.path, base::SpecialFiles::kRefused);
  if (!opened.ok()) {
    // Not there any more, or something else in its place.
    if (opened.error().code() != base::ErrorCode::kNotFound) return std::move(opened).error();
    return changed(input.path, "was removed");
  }
  struct stat info {};
  if (fstat(opened->get(), &info) != 0) return base::io_error("cannot read " + input.path, errno);
  if (!is_same_file(state_of(info), state)) return changed(input.path, "was replaced");
  KILN_TRY(OpenFile(input, state, true, nullptr).check_unchanged(opened->get()));
  return opened;
}

base::Result<std::shared_ptr<const OpenFile>> OpenFile::open(const Input& input,
                                                             const OpenOptions& options) {
  KILN_ASSIGN(base::Descriptor opened, open_input(input, options));
  struct stat info {};
  if (fstat(opened.get(), &info) != 0) {
    return base::io_error("cannot read " + input.path, errno);
  }
  const bool seekable = S_ISREG(info.st_mode) && input.path != "-";
  FileState state = state_of(info);
  if (!seekable) state.size = 0;
  std::shared_ptr<OpenFile> file(new OpenFile(input, state, seekable, options.descriptors));
  if (seekable) KILN_TRY(file->read_ends(opened.get()));
  file->keep(std::move(opened));
  return std::shared_ptr<const OpenFile>(std::move(file));
}

void OpenFile::keep(base::Descriptor descriptor) {
  if (descriptors_) {
    descriptors_->add(slot_, descriptor.take());
  } else {
    slot_.descriptor = descriptor.take();
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
  struct stat info {};
  if (fstat(opened->get(), &info) != 0) return gone("a file cannot be opened any more");
  const FileState now = state_of(info);
  if (!is_same_file(now, state)) return gone("a file was replaced");
  if (now.size < state.size) return gone("a file became shorter");
  if (now.size == state.size && now.modified_ns != state.modified_ns) {
    return gone("a file was written to");
  }
  std::shared_ptr<OpenFile> file(
      new OpenFile(input, state, S_ISREG(info.st_mode), options.descriptors));
  if (!file->read_ends(opened->get()).ok() || file->state_ != state) {
    return gone("a file was written to");
  }
  file->keep(std::move(*opened));
  return std::shared_ptr<const OpenFile>(std::move(file));
}

base::Result<size_t> OpenFile::read_at(char* to, size_t size, uint64_t offset,
                                       const std::stop_token& stop) const {
  if (offset >= state_.size) return size_t{0};
  KILN_ASSIGN(const Use file, use(stop));
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
    const int known = descriptors_->use(slot_);
    if (known < 0) {
      KILN_TRY(reopen(input_, state_));
      return {};
    }
    const Use file(*this, known);
    return check_unchanged(known);
  }
  return check_unchanged(slot_.descriptor);
}

base::Status OpenFile::check_unchanged(std::vector<std::shared_ptr<const OpenFile>> files,
                                       const std::stop_token& stop) {
  std::shared_ptr<DescriptorCache> descriptors;
  for (auto at = files.begin(); at != files.end();) {
    if ((*at)->descriptors_) {
      descriptors = (*at++)->descriptors_;
      continue;
    }
    KILN_TRY((*at)->check_unchanged());  // held open, and so not looked up by its name
    at = files.erase(at);
  }
  if (!descriptors) return {};
  const std::string first = files.front()->input().path;
  const auto look = [of = std::move(files)](base::Patience::Look& at) -> base::Result<bool> {
    for (const auto& file : of) {
      at.at(file->input().path);
      KILN_TRY(file->check_unchanged());
    }
    return true;
  };
  KILN_TRY(descriptors->patience().run<bool>(first, look, stop));
  return {};
}

size_t OpenFile::most_ahead() const {
  static constexpr size_t kMost = 32;
  return descriptors_ ? std::min(kMost, descriptors_->capacity() / 2) : 0;
}

void OpenFile::open_ahead(std::vector<std::shared_ptr<const OpenFile>> files,
                          const std::stop_token& stop) {
  std::erase_if(files, [](const auto& file) {
    return !file->descriptors_ || file->descriptors_->is_open(file->slot_);
  });
  if (files.empty()) return;
  const std::shared_ptr<DescriptorCache> descriptors = files.front()->descriptors_;
  const std::string first = files.front()->input().path;
  const auto look = [of = std::move(files)](base::Patience::Look& at) -> base::Result<bool> {
    for (const auto& file : of) {
      at.at(file->input().path);
      auto opened = reopen(file->input_, file->state_);
      if (opened.ok()) file->descriptors_->add(file->slot_, opened->take());
    }
    return true;
  };
  (void)descriptors->patience().run<bool>(first, look, stop);
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
