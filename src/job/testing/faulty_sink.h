// A sink that fails when it is told to.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sink/export_sink.h"

namespace kiln::job {

enum class SinkCall : uint8_t {
  kCreate,
  kWrite,
  kFinish,
  kOpen,
  kRemoveJob,
  kRemoveAttempts,
  kList,
  kLease
};

/// In front of a real one, which must outlive it. Thread-safe.
class FaultySink final : public sink::ExportSink {
 public:
  explicit FaultySink(sink::ExportSink& inner) : inner_(inner) {}

  /// The next `times` calls fail with kUnavailable.
  void fail(SinkCall call, int times);
  /// No call fails any more.
  void heal();
  int calls(SinkCall call) const;
  sink::ExportSink& inner() { return inner_; }
  /// For a sink in memory that outlives the engine, as a store does.
  bool survives_restarts = false;
  /// Called before each call, without a lock held. Set it before the sink is used.
  std::function<void(SinkCall)> before;
  /// The same after each deletion and list that was carried out.
  std::function<void(SinkCall)> after;

  std::string_view kind() const override { return inner_.kind(); }
  bool durable() const override { return survives_restarts || inner_.durable(); }
  base::Result<std::unique_ptr<sink::ObjectWriter>> create(const sink::ObjectKey& key,
                                                           std::stop_token stop) override;
  base::Result<std::unique_ptr<net::BodySource>> open(const sink::ObjectKey& key, uint64_t offset,
                                                      uint64_t length) override;
  base::Status remove_job(std::string_view job, std::stop_token stop) override;
  base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                      std::stop_token stop) override;
  base::Result<std::vector<std::string>> list_jobs(std::stop_token stop) override;
  base::Result<std::string> lease(std::stop_token stop) override;
  base::Status put_lease(std::string_view text, std::stop_token stop) override;
  base::Result<std::vector<std::string>> other_instances(std::stop_token stop) override;

 private:
  friend class FaultyWriter;
  base::Status check(SinkCall call);
  template <typename T>
  T ended(SinkCall call, T result);

  sink::ExportSink& inner_;
  mutable std::mutex mutex_;
  std::array<int, 8> failures_{};
  std::array<int, 8> calls_{};
};

/// Stores a file whole.
base::Result<sink::StoredObject> store_file(sink::ExportSink& sink, const sink::ObjectKey& key,
                                            std::string_view bytes);
/// The bytes of a file, read in small pieces; an error if it is not there or cannot be read to its
/// end.
base::Result<std::string> read_file(sink::ExportSink& sink, const sink::ObjectKey& key,
                                    uint64_t size);
/// Whether the file can be opened.
bool has_file(sink::ExportSink& sink, const sink::ObjectKey& key);

}  // namespace kiln::job
