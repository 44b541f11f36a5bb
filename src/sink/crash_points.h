// Where the server can be killed while a file is written.
#pragma once

#include <array>
#include <string_view>

#include "base/crash_point.h"

namespace kiln::sink {

inline constexpr std::array<std::string_view, 3> kCrashPoints = {
    "file.after_create", "file.before_rename", "file.after_rename"};

}  // namespace kiln::sink
