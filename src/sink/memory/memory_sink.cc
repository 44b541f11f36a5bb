#include "sink/memory/memory_sink.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "base/digest.h"
#include "base/mutex.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;
using Bytes = std::shared_ptr<const std::string>;
using Place = std::tuple<std::string, uint32_t, std::string>;

/// What the sink and its writers share.
struct Shelf {
  explicit Shelf(uint64_t most) : capacity(most) {}

  base::Status take(uint64_t bytes) {
    base::MutexLock lock(mutex);
    if (bytes > capacity - used) {
      return Error(ErrorCode::kLimit, "the memory sink is full: " + std::to_string(capacity) +
                                          " bytes (--export-memory-limit)");
    }
    used += bytes;
    return {};
  }
  void give_back(uint64_t bytes) {
    base::MutexLock lock(mutex);
    used -= bytes;
  }

  const uint64_t capacity;
  base::Mutex mutex;
  uint64_t used KILN_GUARDED_BY(mutex) = 0;
  std::map<Place, Bytes> files KILN_GUARDED_BY(mutex);
  std::string lease KILN_GUARDED_BY(mutex);
};

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(std::shared_ptr<Shelf> shelf, Place place, std::stop_token stop)
      : shelf_(std::move(shelf)), place_(std::move(place)), stop_(std::move(stop)) {}
  ~MemoryWriter() override { drop(); }

  base::Status write(std::string_view bytes) override {
    KILN_TRY(check_open());
    if (stop_.stop_requested()) {
      drop();
      return Error(ErrorCode::kCancelled, "stopped while writing");
    }
    base::Status taken = shelf_->take(bytes.size());
    if (!taken.ok()) {
      drop();
      return taken;
    }
    bytes_->append(bytes);
    return {};
  }

  base::Result<StoredObject> finish() override {
    KILN_TRY(check_open());
    StoredObject stored{bytes_->size(), base::sha256_hex(*bytes_)};
    base::MutexLock lock(shelf_->mutex);
    shelf_->files[place_] = std::exchange(bytes_, nullptr);
    return stored;
  }

 private:
  base::Status check_open() const {
    if (bytes_ != nullptr) return {};
    return Error(ErrorCode::kInternal, "an exported file is written to after its end");
  }
  void drop() {
    if (bytes_ != nullptr) shelf_->give_back(bytes_->size());
    bytes_ = nullptr;
  }

  const std::shared_ptr<Shelf> shelf_;
  const Place place_;
  const std::stop_token stop_;
  std::shared_ptr<std::string> bytes_ = std::make_shared<std::string>();  ///< null after the end
};

class MemorySource final : public net::BodySource {
 public:
  MemorySource(Bytes bytes, uint64_t offset, uint64_t length)
      : bytes_(std::move(bytes)), left_(std::string_view(*bytes_).substr(offset, length)) {}

  base::Result<size_t> read(char* to, size_t size) override {
    const size_t count = std::min(size, left_.size());
    std::memcpy(to, left_.data(), count);
    left_.remove_prefix(count);
    return count;
  }

 private:
  const Bytes bytes_;
  std::string_view left_;
};

class MemorySink final : public ExportSink {
 public:
  explicit MemorySink(uint64_t capacity) : shelf_(std::make_shared<Shelf>(capacity)) {}

  std::string_view kind() const override { return "memory"; }
  bool durable() const override { return false; }

  base::Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key,
                                                     std::stop_token stop) override {
    KILN_TRY(check(key));
    base::MutexLock lock(shelf_->mutex);
    if (shelf_->files.contains(place_of(key))) {
      return Error(ErrorCode::kConflict, "an exported file of that name exists: " + key.name);
    }
    return std::unique_ptr<ObjectWriter>(new MemoryWriter(shelf_, place_of(key), std::move(stop)));
  }

  base::Result<std::unique_ptr<net::BodySource>> open(const ObjectKey& key, uint64_t offset,
                                                      uint64_t length) override {
    KILN_TRY(check(key));
    base::MutexLock lock(shelf_->mutex);
    const auto found = shelf_->files.find(place_of(key));
    if (found == shelf_->files.end()) {
      return Error(ErrorCode::kNotFound, "open " + key.name + ": no such file");
    }
    const uint64_t size = found->second->size();
    if (offset > size || length > size - offset) {
      return Error(ErrorCode::kConflict, "an exported file is shorter than it was");
    }
    return std::unique_ptr<net::BodySource>(new MemorySource(found->second, offset, length));
  }

  base::Status remove_job(std::string_view job, std::stop_token) override {
    return remove(job, uint64_t{UINT32_MAX} + 1);
  }
  base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                      std::stop_token) override {
    return remove(job, attempt);
  }

  base::Result<std::vector<std::string>> list_jobs(std::stop_token) override {
    base::MutexLock lock(shelf_->mutex);
    std::vector<std::string> jobs;
    for (const auto& [place, bytes] : shelf_->files) {
      if (jobs.empty() || jobs.back() != std::get<0>(place)) jobs.push_back(std::get<0>(place));
    }
    return jobs;
  }

  base::Result<std::string> lease(std::stop_token) override {
    base::MutexLock lock(shelf_->mutex);
    return shelf_->lease;
  }
  base::Status put_lease(std::string_view text, std::stop_token) override {
    if (!is_safe_name(text)) return Error(ErrorCode::kInternal, "not a name for a lease");
    base::MutexLock lock(shelf_->mutex);
    shelf_->lease = text;
    return {};
  }
  base::Result<std::vector<std::string>> other_instances(std::stop_token) override {
    return std::vector<std::string>();  // nobody else sees this memory
  }

 private:
  static base::Status check(const ObjectKey& key) {
    if (is_safe_name(key.job) && is_safe_name(key.name)) return {};
    return Error(ErrorCode::kInternal, "not a name for an exported file");
  }
  static Place place_of(const ObjectKey& key) { return {key.job, key.attempt, key.name}; }

  base::Status remove(std::string_view job, uint64_t before) {
    if (!is_safe_name(job)) return Error(ErrorCode::kInternal, "not a job's name");
    base::MutexLock lock(shelf_->mutex);
    for (auto at = shelf_->files.begin(); at != shelf_->files.end();) {
      const auto& [its_job, its_attempt, name] = at->first;
      if (its_job != job || its_attempt >= before) {
        ++at;
        continue;
      }
      shelf_->used -= at->second->size();
      at = shelf_->files.erase(at);
    }
    return {};
  }

  const std::shared_ptr<Shelf> shelf_;
};

}  // namespace

std::unique_ptr<ExportSink> make_memory_sink(uint64_t capacity) {
  return std::make_unique<MemorySink>(capacity);
}

}  // namespace kiln::sink
