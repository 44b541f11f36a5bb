// Where a request is answered.
#pragma once

#include <cstdint>

namespace kiln::net {

/// What a route declares about the time that it may take.
enum class Lane : uint8_t {
  kAtOnce,  ///< on the I/O thread: it must not block at all
  kProbe,   ///< on threads for nothing else, so that whoever asks how the server is gets an answer
            ///< however busy it is
  kQuick,   ///< on one of `quick_threads`: it may ask a database, and no client can make it long
  kLong,    ///< on one of `long_threads`: a client can make it long, though not as long as an
            ///< evaluation, which belongs in a StreamBody
};

}  // namespace kiln::net
