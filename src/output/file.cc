#include "output/file.h"

namespace kiln::output {
namespace {

class OneFile final : public Files {
 public:
  explicit OneFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  base::Result<std::unique_ptr<File>> create(uint64_t) override {
    if (file_) return std::move(file_);
    return base::Error(base::ErrorCode::kInternal, "an output of one file has no second part");
  }

 private:
  std::unique_ptr<File> file_;
};

class Stream final : public File {
 public:
  explicit Stream(std::unique_ptr<engine::ByteSink> to) : to_(std::move(to)) {}
  base::Status write(std::string_view bytes) override { return to_->write(bytes); }
  base::Status finish() override { return to_->finish(); }

 private:
  const std::unique_ptr<engine::ByteSink> to_;
};

}  // namespace

std::unique_ptr<Files> one_file(std::unique_ptr<File> file) {
  return std::make_unique<OneFile>(std::move(file));
}

std::unique_ptr<Files> one_stream(std::unique_ptr<engine::ByteSink> stream) {
  return one_file(std::make_unique<Stream>(std::move(stream)));
}

}  // namespace kiln::output
