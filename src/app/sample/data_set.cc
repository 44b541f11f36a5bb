#include "app/sample/data_set.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/pending_file.h"
#include "app/sample/artefacts.h"
#include "app/sample/record.h"

namespace kiln::app::sample {
namespace {

constexpr size_t kFlushBytes = size_t{1} << 18;

/// Folders that are removed again, if empty, unless they are kept.
class Folders {
 public:
  ~Folders() {
    std::error_code ignored;
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
      std::filesystem::remove(*folder, ignored);
    }
  }

  base::Status make(const std::filesystem::path& folder) {
    std::error_code error;
    const std::filesystem::path parent = folder.parent_path();
    if (!parent.empty() && !std::filesystem::exists(parent, error)) KILN_TRY(make(parent));
    if (std::filesystem::create_directory(folder, error)) made_.push_back(folder);
    if (error) return base::io_error("cannot make the folder " + folder.string(), error.value());
    return {};
  }
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;
};

base::Status check_empty(const std::string& folder) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(folder, error);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_directory(status)) {
    return base::Error(base::ErrorCode::kConflict, "not a folder: " + folder);
  }
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) return base::io_error("cannot read the folder " + folder, error.value());
  if (empty) return {};
  return base::Error(base::ErrorCode::kConflict,
                     "the folder is not empty (--force writes into it): " + folder);
}

using File = std::unique_ptr<PendingFile>;

base::Result<File> create(const std::string& path) {
  KILN_ASSIGN(const OutputTarget target, find_target(path));
  if (target.kind != OutputTarget::Kind::kFile) {
    return base::Error(base::ErrorCode::kConflict, "not a regular file: " + path);
  }
  return PendingFile::create(target);
}

/// One file of the data for each kind of resource.
class DataFiles {
 public:
  DataFiles(engine::Progress& progress, std::vector<File>& files)
      : progress_(progress), files_(files) {}

  Pages& pages() { return pages_; }

  /// Hands on what is longer than `limit`.
  base::Status flush(size_t limit) {
    for (size_t kind = 0; kind < kKindNames.size(); ++kind) {
      const std::string& text = pages_.at(kind).text();
      if (text.size() <= limit) continue;
      KILN_TRY(files_[kind]->write(text));
      progress_.bytes += text.size();
      progress_.rows += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
      pages_.at(kind) = json::Writer();
    }
    return {};
  }

 private:
  engine::Progress& progress_;
  std::vector<File>& files_;
  Pages pages_;
};

base::Result<std::vector<File>> create_data(const std::string& folder) {
  std::vector<File> files;
  for (const std::string_view name : kKindNames) {
    KILN_ASSIGN(File file, create(folder + "/data/" + std::string(name) + ".ndjson"));
    files.push_back(std::move(file));
  }
  return files;
}

base::Status write_artefacts(const std::string& folder, std::vector<File>& files) {
  std::vector<Artefact> artefacts = sample_views();
  for (Artefact& query : sample_queries()) artefacts.push_back(std::move(query));
  for (const Artefact& artefact : artefacts) {
    KILN_ASSIGN(File file, create(folder + "/" + artefact.path));
    KILN_TRY(file->write(artefact.text));
    files.push_back(std::move(file));
  }
  return {};
}

base::Status write_data(const DataSetOptions& options, std::stop_token stop, DataFiles& files) {
  RecordWriter writer(options.seed);
  for (uint64_t i = 0; i < options.patients; ++i) {
    if (stop.stop_requested()) {
      return base::Error(base::ErrorCode::kCancelled, "a stop was requested");
    }
    writer.write_next(files.pages());
    KILN_TRY(files.flush(kFlushBytes));
  }
  writer.finish(files.pages());
  return files.flush(0);
}

}  // namespace

base::Status write_data_set(const DataSetOptions& options, std::stop_token stop,
                            engine::Progress& progress) {
  if (!options.force) KILN_TRY(check_empty(options.folder));
  Folders folders;  // outlives the files, which have to go first
  for (const char* const name : {"/data", "/views", "/queries"}) {
    KILN_TRY(folders.make(options.folder + name));
  }
  KILN_ASSIGN(std::vector<File> files, create_data(options.folder));
  DataFiles data(progress, files);
  KILN_TRY(write_data(options, stop, data));
  KILN_TRY(write_artefacts(options.folder, files));
  std::vector<PendingFile*> all;
  for (const File& file : files) all.push_back(file.get());
  KILN_TRY(PendingFile::publish_all(all));
  folders.keep();
  return {};
}

uint64_t expected_bytes(uint64_t patients) {
  static constexpr uint64_t kBytesPerPatient = 99'000;
  return patients * kBytesPerPatient;
}

}  // namespace kiln::app::sample
