// A Binary resource around bytes that are written as they come.
#pragma once

#include <memory>
#include <string>

#include "engine/byte_sink.h"

namespace kiln::api {

/// What is written becomes the base64 `data` of a Binary with that content type, in `sink`.
std::unique_ptr<engine::ByteSink> make_binary_sink(std::unique_ptr<engine::ByteSink> sink,
                                                   std::string content_type);

}  // namespace kiln::api
