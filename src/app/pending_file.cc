#include "app/pending_file.h"

#include <cerrno>
#include <cstdio>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mutex.h"

namespace kiln::app {
namespace {

/// In the folder of the final name, as only there it can be renamed; short, as that name may be as
/// long as names can be.
std::string temporary_name(const std::string& path) {
  base::SystemRandom random;
  return path.substr(0, path.rfind('/') + 1) + ".kiln-part-" + base::random_hex(random, 8);
}

/// The owner, group and permissions of the file that is replaced. Where the group cannot be had,
/// its permissions are those of all others.
base::Status take_permissions(int descriptor, const struct stat& from, const std::string& name) {
  struct stat own {};
  if (::fstat(descriptor, &own) != 0) return base::io_error("cannot write " + name, errno);
  mode_t mode = from.st_mode & 0777;
  if (own.st_uid != from.st_uid && ::fchown(descriptor, from.st_uid, from.st_gid) == 0) {
    own.st_gid = from.st_gid;
  }
  if (own.st_gid != from.st_gid && ::fchown(descriptor, static_cast<uid_t>(-1), from.st_gid) != 0) {
    mode = (mode & ~static_cast<mode_t>(070)) | (mode & ((mode & 07) << 3));
  }
  if (::fchmod(descriptor, mode) != 0) return base::io_error("cannot write " + name, errno);
  return {};
}

}  // namespace

/// All that the process has, so that they can be removed when it ends at once.
class PendingFiles {
 public:
  /// Never destroyed: a signal may come at any time.
  static PendingFiles& all() {
    static auto* const kAll = new PendingFiles;
    return *kAll;
  }

  void add(const PendingFile* file) {
    base::MutexLock lock(mutex_);
    files_.insert(file);
  }
  void remove(const PendingFile* file) {
    base::MutexLock lock(mutex_);
    files_.erase(file);
    if (!file->published_) ::unlink(file->temporary_.c_str());
  }
  base::Status publish(const std::vector<PendingFile*>& files) {
    base::MutexLock lock(mutex_);
    base::Status status;
    size_t done = 0;
    for (; done < files.size(); ++done) {
      if (done + 1 < files.size()) status = files[done]->keep_old();
      if (status.ok()) status = files[done]->rename_to_final();
      if (!status.ok()) break;
    }
    if (!status.ok()) {
      for (size_t i = done + 1; i-- > 0;) files[i]->take_back();
    }
    for (PendingFile* const file : files) {
      if (!file->old_.empty()) ::unlink(file->old_.c_str());
    }
    return status;
  }
  [[noreturn]] void remove_all_and_exit(int status) {
    base::MutexLock lock(mutex_);
    for (const PendingFile* const file : files_) {
      if (!file->published_) ::unlink(file->temporary_.c_str());
    }
    ::_exit(status);
  }

 private:
  base::Mutex mutex_;
  std::set<const PendingFile*> files_ KILN_GUARDED_BY(mutex_);
};

base::Result<std::unique_ptr<PendingFile>> PendingFile::create(const OutputTarget& target) {
  std::string temporary = temporary_name(target.path);
  // What is to replace a file is for nobody else until it has that file's permissions.
  const mode_t mode = target.existing ? 0600 : 0666;
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (descriptor < 0) return base::io_error("cannot write " + target.name, errno);
  return std::unique_ptr<PendingFile>(new PendingFile(target, std::move(temporary), descriptor));
}

PendingFile::PendingFile(const OutputTarget& target, std::string temporary, int descriptor)
    : name_(target.name),
      path_(target.path),
      replaced_(target.existing),
      temporary_(std::move(temporary)),
      descriptor_(descriptor) {
  PendingFiles::all().add(this);
}

PendingFile::~PendingFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  PendingFiles::all().remove(this);
}

base::Status PendingFile::write(std::string_view bytes) {
  return write_all(descriptor_, bytes, name_);
}

base::Status PendingFile::publish() { return publish_all({this}); }

base::Status PendingFile::publish_all(const std::vector<PendingFile*>& files) {
  for (PendingFile* const file : files) KILN_TRY(file->complete());
  return PendingFiles::all().publish(files);
}

/// All that can fail for want of room happens here, before the first file has its name.
base::Status PendingFile::complete() {
  const int descriptor = std::exchange(descriptor_, -1);
  base::Status status;
  if (replaced_) {
    status = take_permissions(descriptor, *replaced_, name_);
    // A machine that stops must not turn the old file into an empty one.
    if (status.ok() && ::fsync(descriptor) != 0) {
      status = base::io_error("cannot write " + name_, errno);
    }
  }
  if (::close(descriptor) != 0 && status.ok()) {
    status = base::io_error("cannot write " + name_, errno);
  }
  return status;
}

/// A second name for the file that is about to be replaced; where files have but one name, there is
/// a moment without it.
base::Status PendingFile::keep_old() {
  struct stat info {};
  if (::lstat(path_.c_str(), &info) != 0) {
    return errno == ENOENT ? base::Status() : base::io_error("cannot write " + name_, errno);
  }
  if (S_ISDIR(info.st_mode)) return base::io_error("cannot write " + name_, EISDIR);
  std::string old = temporary_ + "-old";
  if (::link(path_.c_str(), old.c_str()) != 0 && ::rename(path_.c_str(), old.c_str()) != 0) {
    return base::io_error("cannot write " + name_, errno);
  }
  old_ = std::move(old);
  return {};
}

base::Status PendingFile::rename_to_final() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return base::io_error("cannot write " + name_, errno);
  }
  published_ = true;
  return {};
}

void PendingFile::take_back() {
  if (!old_.empty()) {
    // To rename one name of a file to another one does nothing, and the first one stays.
    if (::rename(old_.c_str(), path_.c_str()) == 0) ::unlink(old_.c_str());
    old_.clear();
  } else if (published_) {
    ::unlink(path_.c_str());
  }
}

void remove_pending_files_and_exit(int status) { PendingFiles::all().remove_all_and_exit(status); }

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

}  // namespace kiln::app
