// Messages over one end of a socket pair. Internal to the library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/memory_budget.h"

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

/// Of a query that is beyond its limit.
base::Error took_too_long();

struct Message {
  MessageKind kind;
  std::string body;
};

/// One thread. Owns the descriptor.
class Channel {
 public:
  explicit Channel(int descriptor) : descriptor_(descriptor) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Errors of both: kLimit beyond the deadline, kClosedPipe if the other end has gone, kIo.
  base::Status send(MessageKind kind, std::string_view body);
  /// kInvalid for a body of more than `most` bytes. `memory` (may be null) is drawn on before the
  /// body is allocated, and holds as much until the caller gives it back.
  base::Result<Message> receive(size_t most, base::MemoryReservation* memory = nullptr);
  /// By `clock`, which outlives this.
  void set_deadline(base::Clock& clock, base::Deadline deadline) {
    clock_ = &clock;
    deadline_ = deadline;
  }
  const base::Deadline& deadline() const { return deadline_; }
  /// kLimit beyond the deadline.
  base::Status in_time() const;
  /// Some call found that the other end has gone.
  bool gone() const { return gone_; }

 private:
  base::Error error_of(int error);
  base::Status wait(short events);
  base::Status receive_bytes(char* to, size_t size);

  const int descriptor_;
  base::Clock* clock_ = nullptr;  ///< of the deadline
  base::Deadline deadline_;
  bool gone_ = false;
};

}  // namespace kiln::sql
