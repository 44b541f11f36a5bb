#include "api/run/binary_sink.h"

#include "base/base64.h"
#include "json/writer.h"

namespace kiln::api {
namespace {

class BinarySink final : public engine::ByteSink {
 public:
  BinarySink(std::unique_ptr<engine::ByteSink> sink, std::string content_type)
      : sink_(std::move(sink)), content_type_(std::move(content_type)) {}

  base::Status write(std::string_view bytes) override {
    KILN_TRY(begin());
    rest_.append(bytes);
    return flush(rest_.size() / 3 * 3);
  }

  base::Status finish() override {
    KILN_TRY(begin());
    KILN_TRY(flush(rest_.size()));
    KILN_TRY(sink_->write("\"}"));
    return sink_->finish();
  }

 private:
  base::Status begin() {
    if (begun_) return {};
    begun_ = true;
    std::string head = R"({"resourceType":"Binary","contentType":)";
    json::append_string(head, content_type_);
    return sink_->write(head + ",\"data\":\"");
  }

  /// The first `count` bytes: a multiple of three, but at the end.
  base::Status flush(size_t count) {
    if (count == 0) return {};
    const std::string text = base::base64_encode(std::string_view(rest_).substr(0, count));
    rest_.erase(0, count);
    return sink_->write(text);
  }

  const std::unique_ptr<engine::ByteSink> sink_;
  const std::string content_type_;
  bool begun_ = false;
  std::string rest_;
};

}  // namespace

std::unique_ptr<engine::ByteSink> make_binary_sink(std::unique_ptr<engine::ByteSink> sink,
                                                   std::string content_type) {
  return std::make_unique<BinarySink>(std::move(sink), std::move(content_type));
}

}  // namespace kiln::api
