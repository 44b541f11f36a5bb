#include "job/janitor.h"

#include <algorithm>

#include "base/crash_point.h"

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
constexpr size_t kDebtsAtOnce = 64;
constexpr milliseconds kShortestDelay = std::chrono::seconds(1);
constexpr milliseconds kLongestDelay = std::chrono::minutes(5);

/// Whether `planned` has come. Further ahead than anything is ever planned: the clock has gone
/// back.
bool is_due(base::WallTime planned, base::WallTime now, milliseconds longest) {
  return planned <= now || planned - now > longest;
}

}  // namespace

Janitor::Janitor(JobStore& store, sink::ExportSink& sink, base::Clock& clock, JobObserver& observer,
                 milliseconds interval)
    : store_(store), sink_(sink), clock_(clock), observer_(observer), interval_(interval) {}

milliseconds Janitor::delay_after(uint32_t tries) {
  return std::min(kLongestDelay, kShortestDelay * (int64_t{1} << std::min(tries, 16U)));
}

milliseconds Janitor::pass(const std::stop_token& stop) {
  adopt_orphans(stop);
  expire();
  const bool noted = pay_due_debts(stop);
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

void Janitor::adopt_orphans(const std::stop_token& stop) {
  const base::WallTime now = clock_.now();
  if (adopted_ || !is_due(next_adoption_, now, kLongestDelay)) return;
  const base::Status recorded = record_orphans(stop);
  adopted_ = recorded.ok();
  if (!adopted_) next_adoption_ = now + delay_after(adoption_tries_++);
}

/// Jobs may run meanwhile: whose output is wanted is decided by the store, for each in one step.
base::Status Janitor::record_orphans(const std::stop_token& stop) {
  const auto stored = sink_.list_jobs(stop);
  if (!stored.ok()) {
    if (!stop.stop_requested()) observer_.on_sink_error({}, stored.error());
    return stored.error().clone();
  }
  for (const std::string& job : *stored) {
    if (!is_job_id(job)) continue;
    const auto recorded = store_.add_debt({job}, clock_.now());
    if (!recorded.ok()) {
      observer_.on_store_error(recorded.error());
      return recorded.error().clone();
    }
    KILN_CRASH_POINT("orphan.after_debt");
  }
  return {};
}

void Janitor::expire() {
  const base::WallTime now = clock_.now();
  if (!is_due(next_expiry_, now, interval_)) return;
  const auto expired = store_.expire(now);
  if (!expired.ok()) {
    observer_.on_store_error(expired.error());
    next_expiry_ = now + std::min(interval_, kShortestDelay);
    return;
  }
  KILN_CRASH_POINT("expire.after_record");
  next_expiry_ = now + interval_;
  if (*expired > 0) observer_.on_expired(*expired);
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
      expire();  // a slow sink must not make the other jobs late
    }
  }
}

bool Janitor::pay(const Debt& debt, const std::stop_token& stop) {
  KILN_CRASH_POINT("debt.before_delete");
  const base::Status removed =
      debt.before_attempt == 0
          ? sink_.remove_job(debt.job.text, stop)
          : sink_.remove_attempts_before(debt.job.text, debt.before_attempt, stop);
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
  if (!noted.ok()) observer_.on_store_error(noted.error());
  return noted.ok();
}

}  // namespace kiln::job
