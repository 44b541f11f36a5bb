#include "job/janitor.h"

#include <algorithm>

#include "job/crash_points.h"

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
constexpr size_t kDebtsAtOnce = 64;
/// Of one transaction, which must fit into the reserve.
constexpr size_t kExpiredAtOnce = 16;
constexpr milliseconds kLeaseLook = std::chrono::seconds(10);
constexpr milliseconds kShortestDelay = std::chrono::seconds(1);
constexpr milliseconds kLongestDelay = std::chrono::minutes(5);

/// Whether `planned` has come. Further ahead than anything is ever planned: the clock has gone
/// back.
bool is_due(base::WallTime planned, base::WallTime now, milliseconds longest) {
  return planned <= now || planned - now > longest;
}

}  // namespace

Janitor::Janitor(JobStore& store, sink::ExportSink& sink, base::Clock& clock, JobObserver& observer,
                 milliseconds interval, SinkLease* lease)
    : store_(store),
      sink_(sink),
      clock_(clock),
      observer_(observer),
      interval_(interval),
      lease_(lease) {}

milliseconds Janitor::delay_after(uint32_t tries) {
  return std::min(kLongestDelay, kShortestDelay * (int64_t{1} << std::min(tries, 16U)));
}

milliseconds Janitor::pass(const std::stop_token& stop) {
  look_after_lease(stop);
  if (lost_lease()) return interval_;
  expire(stop);
  bool noted = pay_due_debts(stop);
  // Last: a store that cannot list must not keep anything else from going.
  if (adopt_orphans(stop)) noted = pay_due_debts(stop) && noted;
  const base::WallTime now = clock_.now();
  milliseconds wait = std::min(interval_, next_expiry_ - now);
  if (!adopted_) wait = std::min(wait, next_adoption_ - now);
  const auto next_debt = store_.next_debt();
  if (!noted || !next_debt.ok()) {
    // What is due stays due: without a delay it would be tried in a loop.
    wait = std::min(wait, kShortestDelay);
  } else if (*next_debt) {
    wait = std::min(wait, **next_debt - now);
  }
  return std::max(wait, milliseconds(1));
}

void Janitor::look_after_lease(const std::stop_token& stop) {
  const base::WallTime now = clock_.now();
  if (lease_ == nullptr || !is_due(next_lease_look_, now, kLeaseLook)) return;
  next_lease_look_ = now + std::min(kLeaseLook, interval_);
  (void)may_delete(stop);
}

base::Status Janitor::may_delete(const std::stop_token& stop) {
  return lease_ == nullptr ? base::Status() : lease_->check(stop);
}

bool Janitor::adopt_orphans(const std::stop_token& stop) {
  const base::WallTime now = clock_.now();
  if (adopted_ || !is_due(next_adoption_, now, kLongestDelay)) return false;
  const auto recorded = record_orphans(stop);
  adopted_ = recorded.ok();
  if (!adopted_) next_adoption_ = now + delay_after(adoption_tries_++);
  return adopted_ && *recorded > 0;
}

/// Jobs may run meanwhile: whose output is wanted is decided by the store, for each in one step.
base::Result<size_t> Janitor::record_orphans(const std::stop_token& stop) {
  KILN_TRY(may_delete(stop));
  if (lease_ != nullptr && lease_->settled() > clock_.now()) {
    base::Error error(base::ErrorCode::kUnavailable,
                      "it may be another server's, as the state directory or its lease was");
    if (adoption_tries_ == 0) observer_.on_orphans_unknown(error);
    return error;
  }
  const auto stored = sink_.list_jobs(stop);
  if (!stored.ok()) {
    if (!stop.stop_requested()) observer_.on_orphans_unknown(stored.error());
    return stored.error().clone();
  }
  size_t count = 0;
  for (const std::string& job : *stored) {
    if (!is_job_id(job)) continue;
    const auto recorded = store_.add_orphan({job}, clock_.now());
    if (!recorded.ok()) {
      observer_.on_store_error(recorded.error());
      return recorded.error().clone();
    }
    count += *recorded ? 1 : 0;
    KILN_CRASH_POINT("orphan.after_debt");
  }
  return count;
}

void Janitor::expire(const std::stop_token& stop) {
  const base::WallTime now = clock_.now();
  if (!is_due(next_expiry_, now, interval_)) return;
  uint64_t all = 0;
  for (bool more = true; more;) {
    const auto expired = store_.expire(now, kExpiredAtOnce);
    if (!expired.ok()) {
      observer_.on_store_error(expired.error());
      store_.release_reserve();
      remove_expired(now, stop);
      next_expiry_ = now + std::min(interval_, kShortestDelay);
      return;
    }
    KILN_CRASH_POINT("expire.after_record");
    all += *expired;
    more = *expired == kExpiredAtOnce;
  }
  next_expiry_ = now + interval_;
  if (all > 0) observer_.on_expired(all);
}

void Janitor::remove_expired(base::WallTime now, const std::stop_token& stop) {
  const auto ids = store_.expired(now, kExpiredAtOnce);
  if (!ids.ok()) return;
  for (const JobId& id : *ids) {
    if (stop.stop_requested() || !may_delete(stop).ok()) return;
    const base::Status removed = sink_.remove_job(id.text, stop);
    if (!removed.ok()) observer_.on_sink_error(id, removed.error());
  }
}

bool Janitor::pay_due_debts(const std::stop_token& stop) {
  for (;;) {
    const base::WallTime now = clock_.now();
    const auto debts = store_.due_debts(now, now + kLongestDelay, kDebtsAtOnce);
    if (!debts.ok()) {
      observer_.on_store_error(debts.error());
      return false;
    }
    if (debts->empty()) return true;
    for (const Debt& debt : *debts) {
      if (stop.stop_requested()) return true;
      if (!pay(debt, stop)) return false;
      if (lost_lease()) return true;
      expire(stop);  // a slow sink must not make the other jobs late
    }
  }
}

bool Janitor::pay(const Debt& debt, const std::stop_token& stop) {
  KILN_CRASH_POINT("debt.before_delete");
  base::Status removed = may_delete(stop);
  if (lost_lease()) return true;  // it is the other's now
  if (removed.ok()) {
    removed = debt.before_attempt == 0
                  ? sink_.remove_job(debt.job.text, stop)
                  : sink_.remove_attempts_before(debt.job.text, debt.before_attempt, stop);
  }
  KILN_CRASH_POINT("debt.after_delete");
  base::Status noted;
  if (!removed.ok() && stop.stop_requested()) return true;  // it stays as it is
  if (removed.ok()) {
    noted = store_.pay_debt(debt);
    KILN_CRASH_POINT("debt.after_paid");
    if (noted.ok()) observer_.on_deleted(debt.job);
  } else {
    observer_.on_sink_error(debt.job, removed.error());
    noted = store_.postpone_debt(debt, clock_.now() + delay_after(debt.tries),
                                 removed.error().message());
    KILN_CRASH_POINT("debt.after_postponed");
  }
  if (!noted.ok()) {
    observer_.on_store_error(noted.error());
    store_.release_reserve();
  }
  return noted.ok();
}

}  // namespace kiln::job
