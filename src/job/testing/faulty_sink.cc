#include "job/testing/faulty_sink.h"

namespace kiln::job {

class FaultyWriter final : public sink::ObjectWriter {
 public:
  FaultyWriter(FaultySink& sink, std::unique_ptr<sink::ObjectWriter> inner)
      : sink_(sink), inner_(std::move(inner)) {}
  base::Status write(std::string_view bytes) override {
    KILN_TRY(sink_.check(SinkCall::kWrite));
    return inner_->write(bytes);
  }
  base::Result<sink::StoredObject> finish() override {
    KILN_TRY(sink_.check(SinkCall::kFinish));
    return inner_->finish();
  }

 private:
  FaultySink& sink_;
  const std::unique_ptr<sink::ObjectWriter> inner_;
};

void FaultySink::fail(SinkCall call, int times) {
  const std::lock_guard lock(mutex_);
  failures_[static_cast<size_t>(call)] = times;
}

void FaultySink::heal() {
  const std::lock_guard lock(mutex_);
  failures_.fill(0);
}

int FaultySink::calls(SinkCall call) const {
  const std::lock_guard lock(mutex_);
  return calls_[static_cast<size_t>(call)];
}

base::Status FaultySink::check(SinkCall call) {
  if (before) before(call);
  const std::lock_guard lock(mutex_);
  ++calls_[static_cast<size_t>(call)];
  int& left = failures_[static_cast<size_t>(call)];
  if (left == 0) return {};
  --left;
  return base::Error(base::ErrorCode::kUnavailable, "the sink is down");
}

template <typename T>
T FaultySink::ended(SinkCall call, T result) {
  if (after) after(call);
  return result;
}

base::Result<std::unique_ptr<sink::ObjectWriter>> FaultySink::create(const sink::ObjectKey& key,
                                                                     std::stop_token stop) {
  KILN_TRY(check(SinkCall::kCreate));
  KILN_ASSIGN(auto writer, inner_.create(key, std::move(stop)));
  return std::unique_ptr<sink::ObjectWriter>(new FaultyWriter(*this, std::move(writer)));
}

base::Result<std::unique_ptr<net::BodySource>> FaultySink::open(const sink::ObjectKey& key,
                                                                uint64_t offset, uint64_t length) {
  KILN_TRY(check(SinkCall::kOpen));
  return inner_.open(key, offset, length);
}

base::Status FaultySink::remove_job(std::string_view job, std::stop_token stop) {
  KILN_TRY(check(SinkCall::kRemoveJob));
  return ended(SinkCall::kRemoveJob, inner_.remove_job(job, std::move(stop)));
}

base::Status FaultySink::remove_attempts_before(std::string_view job, uint32_t attempt,
                                                std::stop_token stop) {
  KILN_TRY(check(SinkCall::kRemoveAttempts));
  return ended(SinkCall::kRemoveAttempts,
               inner_.remove_attempts_before(job, attempt, std::move(stop)));
}

base::Result<std::vector<std::string>> FaultySink::list_jobs(std::stop_token stop) {
  KILN_TRY(check(SinkCall::kList));
  return ended(SinkCall::kList, inner_.list_jobs(std::move(stop)));
}

base::Result<std::string> FaultySink::lease(std::stop_token stop) {
  KILN_TRY(check(SinkCall::kLease));
  return inner_.lease(std::move(stop));
}

base::Status FaultySink::put_lease(std::string_view text, std::stop_token stop) {
  KILN_TRY(check(SinkCall::kLease));
  return inner_.put_lease(text, std::move(stop));
}

base::Result<std::vector<std::string>> FaultySink::other_instances(std::stop_token stop) {
  return inner_.other_instances(std::move(stop));
}

base::Result<sink::StoredObject> store_file(sink::ExportSink& sink, const sink::ObjectKey& key,
                                            std::string_view bytes) {
  KILN_ASSIGN(const auto writer, sink.create(key, {}));
  KILN_TRY(writer->write(bytes));
  return writer->finish();
}

base::Result<std::string> read_file(sink::ExportSink& sink, const sink::ObjectKey& key,
                                    uint64_t size) {
  KILN_ASSIGN(const auto source, sink.open(key, 0, size));
  std::string bytes;
  for (;;) {
    std::array<char, 16> piece{};
    KILN_ASSIGN(const size_t got, source->read(piece.data(), piece.size()));
    if (got == 0) return bytes;
    bytes.append(piece.data(), got);
  }
}

bool has_file(sink::ExportSink& sink, const sink::ObjectKey& key) {
  return read_file(sink, key, 0).ok();
}

}  // namespace kiln::job
