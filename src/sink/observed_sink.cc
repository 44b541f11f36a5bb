#include "sink/observed_sink.h"

#include <utility>

namespace kiln::sink {
namespace {

template <typename Outcome>
Outcome told(const SinkObserver& observer, SinkOperation operation, Outcome outcome) {
  if (!outcome.ok() && outcome.error().code() != base::ErrorCode::kCancelled) {
    observer(operation, outcome.error());
  }
  return outcome;
}

class ObservedWriter final : public ObjectWriter {
 public:
  ObservedWriter(std::unique_ptr<ObjectWriter> writer, const SinkObserver& observer)
      : writer_(std::move(writer)), observer_(observer) {}
  base::Status write(std::string_view bytes) override {
    return told(observer_, SinkOperation::kWrite, writer_->write(bytes));
  }
  base::Result<StoredObject> finish() override {
    return told(observer_, SinkOperation::kFinish, writer_->finish());
  }

 private:
  const std::unique_ptr<ObjectWriter> writer_;
  const SinkObserver& observer_;  ///< the sink's, which it does not outlive
};

class ObservedSource final : public net::BodySource {
 public:
  ObservedSource(std::unique_ptr<net::BodySource> source, const SinkObserver& observer)
      : source_(std::move(source)), observer_(observer) {}
  base::Result<size_t> read(char* to, size_t size) override {
    return told(observer_, SinkOperation::kRead, source_->read(to, size));
  }
  void cancel() override { source_->cancel(); }

 private:
  const std::unique_ptr<net::BodySource> source_;
  const SinkObserver& observer_;
};

class ObservedSink final : public ExportSink {
 public:
  ObservedSink(std::unique_ptr<ExportSink> sink, SinkObserver observer)
      : sink_(std::move(sink)), observer_(std::move(observer)) {}

  std::string_view kind() const override { return sink_->kind(); }
  bool durable() const override { return sink_->durable(); }
  uint64_t writer_memory() const override { return sink_->writer_memory(); }

  base::Result<std::unique_ptr<ObjectWriter>> create(const ObjectKey& key,
                                                     std::stop_token stop) override {
    KILN_ASSIGN(auto writer,
                told(observer_, SinkOperation::kCreate, sink_->create(key, std::move(stop))));
    return std::unique_ptr<ObjectWriter>(new ObservedWriter(std::move(writer), observer_));
  }
  base::Result<std::unique_ptr<net::BodySource>> open(const ObjectKey& key, uint64_t offset,
                                                      uint64_t length) override {
    KILN_ASSIGN(auto source,
                told(observer_, SinkOperation::kOpen, sink_->open(key, offset, length)));
    return std::unique_ptr<net::BodySource>(new ObservedSource(std::move(source), observer_));
  }
  std::optional<std::string> presign(const ObjectKey& key, uint32_t seconds,
                                     std::string_view content_type,
                                     std::string_view file_name) override {
    return sink_->presign(key, seconds, content_type, file_name);
  }
  base::Status remove_job(std::string_view job, std::stop_token stop) override {
    return told(observer_, SinkOperation::kRemove, sink_->remove_job(job, std::move(stop)));
  }
  base::Status remove_attempts_before(std::string_view job, uint32_t attempt,
                                      std::stop_token stop) override {
    return told(observer_, SinkOperation::kRemove,
                sink_->remove_attempts_before(job, attempt, std::move(stop)));
  }
  base::Result<std::vector<std::string>> list_jobs(std::stop_token stop) override {
    return told(observer_, SinkOperation::kList, sink_->list_jobs(std::move(stop)));
  }
  base::Result<std::string> lease(std::stop_token stop) override {
    return told(observer_, SinkOperation::kLease, sink_->lease(std::move(stop)));
  }
  base::Status put_lease(std::string_view text, std::stop_token stop) override {
    return told(observer_, SinkOperation::kLease, sink_->put_lease(text, std::move(stop)));
  }
  base::Result<std::vector<std::string>> other_instances(std::stop_token stop) override {
    return told(observer_, SinkOperation::kList, sink_->other_instances(std::move(stop)));
  }

 private:
  const std::unique_ptr<ExportSink> sink_;
  const SinkObserver observer_;
};

}  // namespace

std::string_view name_of(SinkOperation operation) {
  switch (operation) {
    case SinkOperation::kCreate:
      return "create";
    case SinkOperation::kWrite:
      return "write";
    case SinkOperation::kFinish:
      return "finish";
    case SinkOperation::kOpen:
      return "open";
    case SinkOperation::kRead:
      return "read";
    case SinkOperation::kRemove:
      return "remove";
    case SinkOperation::kList:
      return "list";
    case SinkOperation::kLease:
      return "lease";
  }
  return "";
}

std::unique_ptr<ExportSink> observe_sink(std::unique_ptr<ExportSink> sink, SinkObserver observer) {
  return std::make_unique<ObservedSink>(std::move(sink), std::move(observer));
}

}  // namespace kiln::sink
