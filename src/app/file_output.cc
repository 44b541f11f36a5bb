#include "app/file_output.h"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/diagnostics.h"

namespace kiln::app {
namespace {

base::Status write_all(int descriptor, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<size_t>(done));
    } else if (errno != EINTR) {
      return base::io_error("cannot write " + name, errno);
    }
  }
  return {};
}

/// `name` is what the user knows the file by.
base::Result<int> create(const std::string& path, const std::string& name) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return base::io_error("cannot write " + name, errno);
  return descriptor;
}

class FileSink final : public engine::ByteSink {
 public:
  FileSink(const std::string& path, int descriptor, std::unique_ptr<PendingFile> pending)
      : path_(path), descriptor_(descriptor), pending_(std::move(pending)) {}
  ~FileSink() override {
    if (descriptor_ >= 0) close(descriptor_);
  }

  base::Status write(std::string_view bytes) override {
    return write_all(descriptor_, bytes, path_);
  }
  base::Status finish() override {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (close(descriptor) != 0) return base::io_error("cannot write " + path_, errno);
    return pending_ ? pending_->publish() : base::Status();
  }

 private:
  std::string path_;
  int descriptor_;
  std::unique_ptr<PendingFile> pending_;  // none for a device or a pipe
};

class StdoutSink final : public engine::ByteSink {
 public:
  base::Status write(std::string_view bytes) override {
    return write_all(STDOUT_FILENO, bytes, "standard output");
  }
  base::Status finish() override { return {}; }
};

}  // namespace

PendingFile::PendingFile(std::string path)
    : path_(std::move(path)), temporary_(path_ + ".kiln-part-" + std::to_string(getpid())) {}

PendingFile::~PendingFile() {
  if (!published_) unlink(temporary_.c_str());
}

base::Status PendingFile::publish() {
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return base::io_error("cannot write " + path_, errno);
  }
  published_ = true;
  return {};
}

base::Result<std::unique_ptr<engine::ByteSink>> open_file_sink(const std::string& path) {
  struct stat info {};
  // /dev/null and named pipes are written as they are.
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return base::io_error("cannot write " + path, errno);
    return std::unique_ptr<engine::ByteSink>(new FileSink(path, descriptor, nullptr));
  }
  auto pending = std::make_unique<PendingFile>(path);
  KILN_ASSIGN(const int descriptor, create(pending->temporary_path(), path));
  return std::unique_ptr<engine::ByteSink>(new FileSink(path, descriptor, std::move(pending)));
}

base::Result<std::unique_ptr<engine::ByteSink>> open_plain_sink(const std::string& path) {
  KILN_ASSIGN(const int descriptor, create(path, path));
  return std::unique_ptr<engine::ByteSink>(new FileSink(path, descriptor, nullptr));
}

std::unique_ptr<engine::ByteSink> open_stdout_sink() { return std::make_unique<StdoutSink>(); }

int print_result(std::string_view text) {
  std::signal(SIGPIPE, SIG_IGN);
  const base::Status status = write_all(STDOUT_FILENO, text, "standard output");
  if (status.ok()) return 0;
  if (status.error().code() == base::ErrorCode::kClosedPipe) return 141;
  print_error(status.error());
  return exit_status(status.error());
}

}  // namespace kiln::app
