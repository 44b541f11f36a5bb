#include "net/client_shares.h"

namespace kiln::net {

ClientShares::Taken ClientShares::take(const std::string& client) {
  const base::MutexLock lock(mutex_);
  const auto own = by_client_.find(client);
  if (own != by_client_.end() && own->second >= most_of_one_) return Taken::kOwnShareIsUsedUp;
  if (taken_ >= most_) return Taken::kNoneIsLeft;
  ++taken_;
  ++by_client_[client];
  return Taken::kYes;
}

void ClientShares::give_back(const std::string& client) {
  const base::MutexLock lock(mutex_);
  --taken_;
  const auto own = by_client_.find(client);
  if (--own->second == 0) by_client_.erase(own);
}

}  // namespace kiln::net
