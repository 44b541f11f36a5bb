// Messages over one end of a socket pair. Internal to the library.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kiln::sql {

/// From above: kQuery, and what is asked for. From below all others.
enum class MessageKind : uint8_t {
  kQuery,    ///< the query, once, first
  kReady,    ///< the doors are closed, but for those that are named; once, first
  kOpen,     ///< handle, relation, what is wanted: no answer, what is wrong is told by kNext
  kNext,     ///< handle: kRows, kEnd or kFailure is the answer
  kClose,    ///< handle
  kRows,     ///< of a view or of the query
  kEnd,      ///< there are no more of a view
  kFailure,  ///< an error
  kSchema,   ///< all that was wanted: the query's columns
  kDone,     ///< or its rows: how many there were
};

struct Message {
  MessageKind kind;
  std::string body;
};

/// One thread. Owns the descriptor.
class Channel {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  explicit Channel(int descriptor, Deadline deadline = std::nullopt)
      : descriptor_(descriptor), deadline_(deadline) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Errors of both: kLimit beyond the deadline, kClosedPipe if the other end has gone, kIo.
  base::Status send(MessageKind kind, std::string_view body);
  /// kInvalid for a body of more than `most` bytes.
  base::Result<Message> receive(size_t most);
  /// Some call found that the other end has gone.
  bool gone() const { return gone_; }

 private:
  base::Error error_of(int error);
  base::Status wait(short events);
  base::Status receive_bytes(char* to, size_t size);

  const int descriptor_;
  const Deadline deadline_;
  bool gone_ = false;
};

}  // namespace kiln::sql
