// Jobs that wait for a free slot, in fair order.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "job/job.h"

namespace kiln::job {

/// Round robin over clients, each client's jobs in their order. Not thread-safe.
class JobQueue {
 public:
  void push(const std::string& client, JobId id);
  std::optional<JobId> pop();
  /// False if it is not there.
  bool remove(const JobId& id);
  size_t size() const { return size_; }
  size_t size_of(const std::string& client) const;

 private:
  std::map<std::string, std::deque<JobId>> by_client_;
  std::deque<std::string> turns_;  ///< clients with jobs, the next one first
  size_t size_ = 0;
};

}  // namespace kiln::job
