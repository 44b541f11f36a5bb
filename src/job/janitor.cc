#include "job/janitor.h"

#include <algorithm>
#include <set>

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
constexpr size_t kDebtsAtOnce = 64;

}  // namespace

Janitor::Janitor(JobStore& store, sink::ExportSink& sink, base::Clock& clock,
                 JobObserver& observer, milliseconds interval)
    : store_(store), sink_(sink), clock_(clock), observer_(observer), interval_(interval) {}

milliseconds Janitor::delay_after(uint32_t tries) {
  static constexpr milliseconds kLongest = std::chrono::minutes(5);
  return std::min(kLongest, milliseconds(1000) * (int64_t{1} << std::min(tries, 16U)));
}

base::Status Janitor::adopt_orphans() {
  KILN_ASSIGN(const auto ids, store_.all_ids());
  std::set<std::string> known;
  for (const JobId& id : ids) known.insert(id.text);
  KILN_ASSIGN(const auto stored, sink_.list_jobs());
  for (const std::string& job : stored) {
    if (!known.contains(job)) KILN_TRY(store_.add_debt({job}, 0, clock_.now()));
  }
  return {};
}

milliseconds Janitor::pass() {
  const base::WallTime now = clock_.now();
  if (now >= next_expiry_) {
    expire(now);
    next_expiry_ = now + interval_;
  }
  for (;;) {
    const auto debts = store_.due_debts(now, kDebtsAtOnce);
    if (!debts.ok()) {
      observer_.on_store_error(debts.error());
      return std::min(interval_, delay_after(0));
    }
    bool noted = true;
    for (const Debt& debt : *debts) noted = pay(debt) && noted;
    if (!noted || debts->size() < kDebtsAtOnce) break;
  }
  const auto next = store_.next_debt();
  milliseconds wait = next_expiry_ - clock_.now();
  if (next.ok() && *next) wait = std::min(wait, **next - clock_.now());
  return std::clamp(wait, milliseconds(1), interval_);
}

void Janitor::expire(base::WallTime now) {
  const auto expired = store_.expire(now);
  if (!expired.ok()) {
    observer_.on_store_error(expired.error());
  } else if (*expired > 0) {
    observer_.on_expired(*expired);
  }
}

bool Janitor::pay(const Debt& debt) {
  const base::Status removed = debt.before_attempt == 0
                                   ? sink_.remove_job(debt.job.text)
                                   : sink_.remove_attempts_before(debt.job.text,
                                                                  debt.before_attempt);
  base::Status noted;
  if (removed.ok()) {
    noted = store_.pay_debt(debt);
    observer_.on_deleted(debt.job);
  } else {
    observer_.on_sink_error(debt.job, removed.error());
    noted = store_.postpone_debt(debt, clock_.now() + delay_after(debt.tries),
                                 removed.error().message());
  }
  if (!noted.ok()) observer_.on_store_error(noted.error());
  return noted.ok();
}

}  // namespace kiln::job
