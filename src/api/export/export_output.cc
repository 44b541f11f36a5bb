#include "api/export/export_output.h"

namespace kiln::api {
namespace {

/// Whatever the sink says, the client could not have asked otherwise.
base::Error not_stored(const base::Error& error) {
  if (error.code() == base::ErrorCode::kCancelled) return error.clone();
  return base::Error(base::ErrorCode::kUnavailable, error.to_string());
}

class Object final : public output::File {
 public:
  explicit Object(std::unique_ptr<sink::ObjectWriter> writer) : writer_(std::move(writer)) {}
  base::Status write(std::string_view bytes) override {
    const base::Status status = writer_->write(bytes);
    return status.ok() ? base::Status() : not_stored(status.error());
  }
  base::Status finish() override {
    auto stored = writer_->finish();
    if (!stored.ok()) return not_stored(stored.error());
    written_ = {stored->size, std::move(stored->sha256)};
    return {};
  }
  base::FileDigest written() const override { return written_; }

 private:
  const std::unique_ptr<sink::ObjectWriter> writer_;
  base::FileDigest written_;
};

class Objects final : public output::Files {
 public:
  Objects(const job::Attempt& attempt, std::string stem, const output::Layout& layout)
      : attempt_(attempt), stem_(std::move(stem)), layout_(layout) {}

  base::Result<std::unique_ptr<output::File>> create(uint64_t part) override {
    const std::string name = output::file_name(stem_, layout_, part);
    auto writer =
        attempt_.sink.create({attempt_.job.id.text, attempt_.number, name}, attempt_.stop);
    if (!writer.ok()) return not_stored(writer.error());
    return std::unique_ptr<output::File>(new Object(std::move(writer).value()));
  }

 private:
  const job::Attempt& attempt_;
  const std::string stem_;
  const output::Layout layout_;
};

}  // namespace

std::unique_ptr<output::Files> objects_of(const job::Attempt& attempt, std::string stem,
                                          const output::Layout& layout) {
  return std::make_unique<Objects>(attempt, std::move(stem), layout);
}

}  // namespace kiln::api
