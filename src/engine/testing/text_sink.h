// Output into a string.
#pragma once

#include <string>
#include <string_view>

#include "engine/byte_sink.h"

namespace kiln::engine {

class TextSink final : public ByteSink {
 public:
  explicit TextSink(std::string& text) : text_(text) {}
  base::Status write(std::string_view bytes) override {
    text_ += bytes;
    return {};
  }
  base::Status finish() override { return {}; }

 private:
  std::string& text_;
};

}  // namespace kiln::engine
