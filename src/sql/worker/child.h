// A query's process, from this side. Internal to the library.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <sys/types.h>

#include "sql/child_runner.h"
#include "sql/worker/channel.h"

namespace kiln::sql {

/// Runs until it is destroyed at the latest; nothing of it is left then. One thread, but for
/// kill().
class Child {
 public:
  /// With the limits but for the time. kUnavailable if there can be no more processes, kIo.
  static base::Result<std::unique_ptr<Child>> start(const WorkerProgram& program,
                                                    const QueryLimits& limits);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// From here on it may take so long, by `clock`, which outlives it; 0: as long as it likes.
  base::Status begin(std::chrono::milliseconds timeout, base::Clock& clock);
  bool has_ended() const;
  pid_t process() const { return process_; }
  Channel& channel() { return *channel_; }
  /// Not after end_of() nor while this is being destroyed.
  void kill() const;
  /// Why it has ended, when its end of the channel has gone.
  base::Error end_of();

 private:
  class Folder;
  Child();
  /// waitpid()'s.
  int wait();

  std::unique_ptr<Folder> folder_;  ///< goes after the process
  pid_t process_ = -1;              ///< -1: it has been waited for
  std::unique_ptr<Channel> channel_;
};

}  // namespace kiln::sql
