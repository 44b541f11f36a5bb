#include "sample/data_set.h"

#include <algorithm>

#include "sample/artefacts.h"
#include "sample/record.h"

namespace kiln::sample {
namespace {

constexpr size_t kFlushBytes = size_t{1} << 18;

/// One file of the data for each kind of resource.
class DataFiles {
 public:
  DataFiles(Files& files, base::Progress& progress) : files_(files), progress_(progress) {}

  Pages& pages() { return pages_; }

  base::Status create() {
    for (const std::string_view name : kKindNames) {
      KILN_ASSIGN(const size_t file, files_.create("data/" + std::string(name) + ".ndjson"));
      numbers_.push_back(file);
    }
    return {};
  }

  /// Hands on what is longer than `limit`.
  base::Status flush(size_t limit) {
    for (size_t kind = 0; kind < kKindNames.size(); ++kind) {
      const std::string& text = pages_.at(kind).text();
      if (text.size() <= limit) continue;
      KILN_TRY(files_.append(numbers_[kind], text));
      progress_.bytes += text.size();
      progress_.rows += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
      pages_.at(kind) = json::Writer();
    }
    return {};
  }

 private:
  Files& files_;
  base::Progress& progress_;
  std::vector<size_t> numbers_;  ///< by Kind
  Pages pages_;
};

base::Status write_artefacts(Files& files) {
  std::vector<Artefact> artefacts = sample_views();
  for (Artefact& query : sample_queries()) artefacts.push_back(std::move(query));
  for (const Artefact& artefact : artefacts) {
    KILN_ASSIGN(const size_t file, files.create(artefact.path));
    KILN_TRY(files.append(file, artefact.text));
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

base::Status write_data_set(const DataSetOptions& options, std::stop_token stop, Files& files,
                            base::Progress& progress) {
  DataFiles data(files, progress);
  KILN_TRY(data.create());
  KILN_TRY(write_data(options, std::move(stop), data));
  return write_artefacts(files);
}

uint64_t expected_bytes(uint64_t patients) {
  static constexpr uint64_t kBytesPerPatient = 99'000;
  return patients * kBytesPerPatient;
}

}  // namespace kiln::sample
