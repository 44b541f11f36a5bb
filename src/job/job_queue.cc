#include "job/job_queue.h"

#include <algorithm>

namespace kiln::job {

void JobQueue::push(const std::string& client, JobId id) {
  std::deque<JobId>& jobs = by_client_[client];
  if (jobs.empty()) turns_.push_back(client);
  jobs.push_back(std::move(id));
  ++size_;
}

std::optional<JobId> JobQueue::pop() {
  if (turns_.empty()) return std::nullopt;
  std::string client = std::move(turns_.front());
  turns_.pop_front();
  const auto jobs = by_client_.find(client);
  JobId id = std::move(jobs->second.front());
  jobs->second.pop_front();
  --size_;
  if (jobs->second.empty()) {
    by_client_.erase(jobs);
  } else {
    turns_.push_back(std::move(client));
  }
  return id;
}

size_t JobQueue::size_of(const std::string& client) const {
  const auto jobs = by_client_.find(client);
  return jobs == by_client_.end() ? 0 : jobs->second.size();
}

bool JobQueue::remove(const JobId& id) {
  for (auto& [client, jobs] : by_client_) {
    const auto found = std::find(jobs.begin(), jobs.end(), id);
    if (found == jobs.end()) continue;
    jobs.erase(found);
    --size_;
    if (jobs.empty()) {
      turns_.erase(std::find(turns_.begin(), turns_.end(), client));
      by_client_.erase(client);
    }
    return true;
  }
  return false;
}

}  // namespace kiln::job
