#include "app/file_output.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "app/diagnostics.h"
#include "base/digest.h"

namespace kiln::app {
namespace {

/// Notes size and digest of what goes through it, as it goes: reading the files again at the end
/// would cost as much as some of the views.
class FileOfSet final : public output::File {
 public:
  explicit FileOfSet(PendingFile& file) : file_(file) {}
  std::string path() const override { return file_.temporary_path(); }
  base::FileDigest written() const override { return written_; }
  base::Status write(std::string_view bytes) override {
    written_.size += bytes.size();
    digest_.update(bytes);
    return file_.write(bytes);
  }
  base::Status finish() override {
    if (written_.size != 0) {
      written_.sha256 = digest_.finish_hex();
      return {};
    }
    KILN_ASSIGN(written_, base::digest_file(path()));  // nothing, or written by its path
    return {};
  }

 private:
  PendingFile& file_;
  base::FileDigest written_;
  base::Sha256 digest_;
};

class SingleFile final : public output::File {
 public:
  explicit SingleFile(std::unique_ptr<PendingFile> file) : file_(std::move(file)) {}
  std::string path() const override { return file_->temporary_path(); }
  base::Status write(std::string_view bytes) override { return file_->write(bytes); }
  base::Status finish() override { return file_->publish(); }

 private:
  const std::unique_ptr<PendingFile> file_;
};

/// A pipe or a device, or a descriptor that the process was given.
class StreamFile final : public output::File {
 public:
  StreamFile(int descriptor, std::string name, bool owned)
      : descriptor_(descriptor), name_(std::move(name)), owned_(owned) {}
  ~StreamFile() override {
    if (owned_) ::close(descriptor_);
  }
  base::Status write(std::string_view bytes) override {
    return write_all(descriptor_, bytes, name_);
  }
  base::Status finish() override {
    if (!owned_) return {};
    owned_ = false;
    return ::close(descriptor_) == 0 ? base::Status()
                                     : base::io_error("cannot write " + name_, errno);
  }

 private:
  const int descriptor_;
  const std::string name_;
  bool owned_;
};

/// To open a pipe blocks until it has a reader, and no stop would reach us.
base::Result<int> open_stream(const OutputTarget& target, const std::stop_token& stop) {
  static constexpr int kSlice = 20;  // ms
  for (;;) {
    const int descriptor =
        ::open(target.path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor >= 0) {
      ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
      return descriptor;
    }
    if (errno != ENXIO || !S_ISFIFO(target.existing->st_mode)) {
      return base::io_error("cannot write " + target.name, errno);
    }
    if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
    ::poll(nullptr, 0, kSlice);
  }
}

}  // namespace

std::unique_ptr<output::File> make_file_of_set(PendingFile& file) {
  return std::make_unique<FileOfSet>(file);
}

base::Result<std::unique_ptr<output::File>> open_file(const OutputTarget& target,
                                                      const std::stop_token& stop) {
  using File = std::unique_ptr<output::File>;
  if (target.kind == OutputTarget::Kind::kFile) {
    KILN_ASSIGN(auto file, PendingFile::create(target));
    return File(new SingleFile(std::move(file)));
  }
  if (target.descriptor >= 0) return File(new StreamFile(target.descriptor, target.name, false));
  KILN_ASSIGN(const int descriptor, open_stream(target, stop));
  return File(new StreamFile(descriptor, target.name, true));
}

int print_result(std::string_view text) {
  std::signal(SIGPIPE, SIG_IGN);
  const base::Status status = write_all(STDOUT_FILENO, text, "standard output");
  if (status.ok()) return 0;
  if (status.error().code() == base::ErrorCode::kClosedPipe) return 141;
  print_error(status.error());
  return exit_status(status.error());
}

}  // namespace kiln::app
