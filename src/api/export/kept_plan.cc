#include "api/export/kept_plan.h"

#include <algorithm>

namespace kiln::api {
namespace {

/// A small text can be a view of several megabytes (docs/impl/plan.md), so that their number has to
/// be bounded, too.
constexpr uint64_t kLeastText = uint64_t{128} << 10;

/// Texts of the views that no one else holds: published ones are there anyway.
uint64_t own_text(const plan::Plan& plan) {
  uint64_t size = 0;
  for (const plan::Subject& subject : plan.subjects) {
    if (!subject.is_shared) size += subject.text.size();
  }
  return size == 0 ? 0 : std::max(size, kLeastText);
}

}  // namespace

std::shared_ptr<const KeptPlan> KeptPlan::keep(const plan::PlanPtr& plan,
                                               const ServiceOptions& options) {
  auto kept = std::make_shared<KeptPlan>(options.kept_views);
  kept->data_ = plan->data;
  if (kept->views_.reserve(own_text(*plan)).ok()) kept->plan_ = plan;
  return kept;
}

std::shared_ptr<const KeptPlan> KeptPlan::of(const job::Attempt& attempt) {
  return std::static_pointer_cast<const KeptPlan>(attempt.pinned);
}

}  // namespace kiln::api
