#include "sink/filesystem/filesystem_sink.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/number.h"
#include "base/open_path.h"
#include "sink/crash_points.h"

namespace kiln::sink {
namespace {

namespace fs = std::filesystem;
using base::Descriptor;
using base::Error;
using base::ErrorCode;

base::Error error_of(std::string_view what, int error_number) {
  if (error_number == ENOENT)
    return Error(ErrorCode::kNotFound, std::string(what) + ": no such file");
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EMFILE) {
    return Error(ErrorCode::kUnavailable, base::io_error(what, error_number).message());
  }
  return base::io_error(what, error_number);
}

base::Status sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.ok() || ::fsync(descriptor.get()) != 0) {
    return error_of("sync " + folder.string(), errno);
  }
  return {};
}

/// Makes the folder and those above it down from `root`, each made durable in its parent.
base::Status make_folders(const fs::path& root, const fs::path& folder) {
  std::error_code code;
  if (folder != root && folder.has_parent_path() && !fs::exists(folder.parent_path(), code)) {
    KILN_TRY(make_folders(root, folder.parent_path()));
  }
  if (::mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return error_of("make folder " + folder.string(), errno);
  }
  return sync_folder(folder.parent_path().empty() ? fs::path(".") : folder.parent_path());
}

class FileWriter final : public ObjectWriter {
 public:
  FileWriter(Descriptor descriptor, fs::path hidden, fs::path final_path, std::stop_token stop)
      : descriptor_(std::move(descriptor)),
        hidden_(std::move(hidden)),
        final_(std::move(final_path)),
        stop_(std::move(stop)) {}
  ~FileWriter() override {
    if (state_ == State::kFinished) return;
    ::unlink(hidden_.c_str());
    // Stay where another file is, or where one is about to be: create() makes them again.
    ::rmdir(hidden_.parent_path().c_str());
    ::rmdir(hidden_.parent_path().parent_path().c_str());
  }

  base::Status write(std::string_view bytes) override {
    if (state_ != State::kOpen) return ended();
    digest_.update(bytes);
    size_ += bytes.size();
    state_ = State::kFailed;
    do {
      if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped while writing");
      const std::string_view piece = bytes.substr(0, kPiece);
      const ssize_t written = ::write(descriptor_.get(), piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return error_of("write " + final_.filename().string(), errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    } while (!bytes.empty());
    start_writing_back();
    state_ = State::kOpen;
    return {};
  }

  base::Result<StoredObject> finish() override {
    if (state_ != State::kOpen) return ended();
    state_ = State::kFailed;
    if (::fsync(descriptor_.get()) != 0) return error_of("sync", errno);
    KILN_CRASH_POINT("file.before_rename");
    if (::rename(hidden_.c_str(), final_.c_str()) != 0) return error_of("rename", errno);
    KILN_CRASH_POINT("file.after_rename");
    base::Status synced = sync_folder(final_.parent_path());
    if (!synced.ok()) {
      ::unlink(final_.c_str());
      return std::move(synced).error();
    }
    state_ = State::kFinished;
    return StoredObject{size_, digest_.finish_hex()};
  }

 private:
  enum class State : uint8_t { kOpen, kFailed, kFinished };

  static Error ended() {
    return Error(ErrorCode::kInternal, "an exported file is written to after its end");
  }

  /// The disk works while rows are made; else all of its work comes at the end, in fsync. Only a
  /// hint, so its result does not matter.
  void start_writing_back() {
    if (size_ - written_back_ < kWriteBack) return;
    ::sync_file_range(descriptor_.get(), static_cast<off_t>(written_back_),
                      static_cast<off_t>(size_ - written_back_), SYNC_FILE_RANGE_WRITE);
    written_back_ = size_;
  }

  static constexpr size_t kPiece = 4 << 20;  // a stop is seen between two
  static constexpr uint64_t kWriteBack = 8 << 20;

  Descriptor descriptor_;
  const fs::path hidden_;
  const fs::path final_;
  const std::stop_token stop_;
  base::Sha256 digest_;
  uint64_t size_ = 0;
  uint64_t written_back_ = 0;  ///< or on its way
  State state_ = State::kOpen;
};

class FileSource final : public net::BodySource {
 public:
  FileSource(base::Patience& patience, fs::path path, uint64_t offset, uint64_t length)
      : patience_(patience), path_(std::move(path)), offset_(offset), left_(length) {}

  base::Result<size_t> read(char* to, size_t size) override {
    if (!descriptor_.ok()) {
      KILN_ASSIGN(descriptor_,
                  patience_.run<Descriptor>(
                      path_.string(), [path = path_](base::Patience::Look&) { return open(path); },
                      stop_.get_token()));
    }
    const size_t wanted = std::min<uint64_t>(size, left_);
    if (wanted == 0) return size_t{0};
    for (;;) {
      const ssize_t got = ::pread(descriptor_.get(), to, wanted, static_cast<off_t>(offset_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return error_of("read an exported file", errno);
      if (got == 0) return Error(ErrorCode::kConflict, "an exported file is shorter than it was");
      offset_ += static_cast<uint64_t>(got);
      left_ -= static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
  }
  void cancel() override { stop_.request_stop(); }

 private:
  static base::Result<Descriptor> open(const fs::path& path) {
    return base::open_path(path.string(), base::SpecialFiles::kRefused, base::Links::kRefused);
  }

  base::Patience& patience_;  ///< the sink's
  const fs::path path_;
  std::stop_source stop_;
  Descriptor descriptor_;
  uint64_t offset_;
  uint64_t left_;
};

class FilesystemSink final : public ExportSink {
 public:
  FilesystemSink(fs::path root, fs::path instance, base::PatienceOptions patience)
      : root_(std::move(root)), instance_(std::move(instance)), patience_(std::move(patience)) {}

  std::string_view kind() const override { return "filesystem"; }
  bool durable() const override { return true; }

  base::Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key,
                                                     std::stop_token stop) override {
    KILN_ASSIGN(const fs::path path, path_of(key));
    fs::path hidden = path.parent_path() / ("." + key.name + ".part");
    KILN_ASSIGN(Descriptor descriptor, create_file(hidden));
    if (::access(path.c_str(), F_OK) == 0) {
      ::unlink(hidden.c_str());
      return Error(ErrorCode::kConflict, "an exported file of that name exists: " + key.name);
    }
    return std::unique_ptr<ObjectWriter>(
        new FileWriter(std::move(descriptor), std::move(hidden), path, std::move(stop)));
  }

  base::Result<std::unique_ptr<net::BodySource>> open(const ObjectKey& key, uint64_t offset,
                                                      uint64_t length) override {
    KILN_ASSIGN(fs::path path, path_of(key));
    return std::unique_ptr<net::BodySource>(
        new FileSource(patience_, std::move(path), offset, length));
  }

  base::Status remove_job(std::string_view job, std::stop_token) override {
    if (!is_safe_name(job)) return Error(ErrorCode::kInternal, "not a job's name");
    return remove_folder(instance_ / job);
  }

  base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                      std::stop_token) override {
    if (!is_safe_name(job)) return Error(ErrorCode::kInternal, "not a job's name");
    std::error_code code;
    for (fs::directory_iterator entry(instance_ / job, code), end; !code && entry != end;
         entry.increment(code)) {
      const std::string name = entry->path().filename().string();
      const auto number = base::whole_number<uint32_t>(name);
      if (number && *number < attempt) KILN_TRY(remove_folder(entry->path()));
    }
    if (code && code != std::errc::no_such_file_or_directory) {
      return error_of("list a job's folder", code.value());
    }
    ::rmdir((instance_ / job).c_str());  // if that was all
    return {};
  }

  base::Result<std::vector<std::string>> list_jobs(std::stop_token) override {
    return folders_in(instance_);
  }

  /// A folder of its own in a hidden one: a sink holds no files but output, and giving it another
  /// name is one step that needs no room.
  base::Result<std::string> lease(std::stop_token) override {
    auto names = folders_in(instance_ / kLease);
    if (names.ok()) return names->empty() ? std::string() : std::move(names->back());
    if (names.error().code() == ErrorCode::kNotFound) return std::string();
    return std::move(names).error();
  }

  base::Status put_lease(std::string_view text, std::stop_token) override {
    if (!is_safe_name(text)) return Error(ErrorCode::kInternal, "not a name for a lease");
    const fs::path home = instance_ / kLease;
    KILN_TRY(make_folders(root_, home));
    KILN_ASSIGN(const auto names, folders_in(home));
    const fs::path path = home / text;
    // Two that begin at once may both have made one; whoever comes next leaves only his own.
    bool is_there = std::find(names.begin(), names.end(), text) != names.end();
    for (const std::string& name : names) {
      if (name == text) continue;
      const fs::path old = home / name;
      if (is_there) {
        ::rmdir(old.c_str());
      } else {
        is_there = ::rename(old.c_str(), path.c_str()) == 0;
      }
    }
    if (!is_there && ::mkdir(path.c_str(), 0700) != 0) return error_of("take the lease", errno);
    return sync_folder(home);
  }

  base::Result<std::vector<std::string>> other_instances(std::stop_token) override {
    KILN_ASSIGN(auto names, folders_in(root_));
    std::erase(names, instance_.filename().string());
    return names;
  }

 private:
  static constexpr const char* kLease = ".lease";

  /// Names that may be ours, sorted.
  static base::Result<std::vector<std::string>> folders_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
         entry.increment(code)) {
      std::string name = entry->path().filename().string();
      std::error_code gone;
      if (entry->is_directory(gone) && is_safe_name(name)) names.push_back(std::move(name));
    }
    if (code) return error_of("list " + folder.string(), code.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  base::Result<fs::path> path_of(const ObjectKey& key) const {
    if (!is_safe_name(key.job) || !is_safe_name(key.name)) {
      return Error(ErrorCode::kInternal, "not a name for an exported file");
    }
    return instance_ / key.job / std::to_string(key.attempt) / key.name;
  }

  /// With its folders, which an abandoned neighbour may take away as soon as they are made.
  base::Result<Descriptor> create_file(const fs::path& path) const {
    static constexpr int kTries = 100;
    for (int tries = 1;; ++tries) {
      base::Status made = make_folders(root_, path.parent_path());
      if (made.ok()) {
        static constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
        Descriptor descriptor(::open(path.c_str(), kFlags, 0600));
        if (descriptor.ok()) {
          KILN_CRASH_POINT("file.after_create");
          return descriptor;
        }
        made = error_of("create " + path.filename().string(), errno);
      }
      if (made.error().code() != ErrorCode::kNotFound || tries == kTries) {
        return std::move(made).error();
      }
    }
  }

  /// Files that a late worker makes meanwhile can keep the folder alive: then it is tried again.
  static base::Status remove_folder(const fs::path& folder) {
    static constexpr int kTries = 100;
    std::error_code code;
    for (int tries = 0; tries < kTries; ++tries) {
      fs::remove_all(folder, code);
      // Somebody else removes the same folder, and was faster at a part of it.
      if (code != std::errc::no_such_file_or_directory) break;
    }
    if (code) return error_of("remove " + folder.string(), code.value());
    return {};
  }

  const fs::path root_;
  const fs::path instance_;
  base::Patience patience_;
};

}  // namespace

base::Result<std::unique_ptr<ExportSink>> open_filesystem_sink(const std::string& root,
                                                               const std::string& instance,
                                                               base::PatienceOptions patience) {
  if (!is_safe_name(instance)) {
    return Error(ErrorCode::kUsage, "not a name for an instance: " + instance);
  }
  fs::path path = fs::path(root).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  KILN_TRY(make_folders(path.root_path(), path / instance));
  return std::unique_ptr<ExportSink>(
      new FilesystemSink(path, path / instance, std::move(patience)));
}

}  // namespace kiln::sink
