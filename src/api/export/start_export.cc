#include "api/export/start_export.h"

#include "api/export/export_jobs.h"
#include "api/export/export_links.h"
#include "api/export/kept_plan.h"
#include "api/export/kick_off.h"
#include "api/issue/fault.h"
#include "plan/record.h"

namespace kiln::api {
namespace {

net::Response throttled() {
  net::Response response = outcome_response(
      Issue{IssueCode::kThrottled, "too many jobs are waiting; try again later", ""});
  response.headers.add("Retry-After", "30");
  return response;
}

net::Response stopped() {
  return outcome_response(Issue{IssueCode::kUnavailable, "the request was given up", ""});
}

net::Response refuse_submission(const base::Error& error, const Service& service,
                                const net::Request& request) {
  if (error.code() == base::ErrorCode::kLimit) return throttled();
  if (error.code() == base::ErrorCode::kConflict) {
    return outcome_response(Issue{IssueCode::kKeyReused, error.message(), ""});
  }
  return fault_response(service, request, "kick-off failed", error);
}

/// The filters against the data, then the job.
net::Response submit(const Service& service, const net::Request& request, KickOff kick_off) {
  const auto all = open_data(service);
  if (!all.ok()) return fault_response(service, request, "data cannot be opened", all.error());
  const plan::PlanPtr plan = make_plan(std::move(kick_off.draft), *all, plan::Hold::kNeeded,
                                       service, request, kick_off.issues);
  if (!plan) return outcome_response(kick_off.issues);
  if (request.stop.stop_requested()) return stopped();  // nobody would know of the job
  auto inputs = dataset::describe_snapshot(*plan->data);
  if (!inputs.ok()) return fault_response(service, request, "kick-off failed", inputs.error());
  const job::Submission& submission = kick_off.submission;
  const auto submitted =
      service.jobs.submit(submission, {plan::write_record(*plan), std::move(*inputs)},
                          KeptPlan::keep(plan, service.options));
  if (!submitted.ok()) return refuse_submission(submitted.error(), service, request);
  service.log.info("export requested", {{"id", request.id},
                                        {"job", submitted->text},
                                        {"subjects", submission.subjects},
                                        {"format", submission.format}});
  return accepted_response(service, *submitted, submission.tracking_id);
}

/// A job that is known already needs no look at the data, nor does one that would not be taken.
net::Response decide(const Service& service, const net::Request& request, KickOff kick_off) {
  const job::Submission& submission = kick_off.submission;
  const auto known = service.jobs.find_equal(submission);
  if (known.ok() && *known) return accepted_response(service, **known, submission.tracking_id);
  if (!known.ok() && kick_off.issues.empty()) {
    return refuse_submission(known.error(), service, request);
  }
  const base::Status ready = service.jobs.ready();
  if (!ready.ok()) return not_ready(ready.error());
  if (kick_off.draft.filters.needs_cohort() && service.jobs.is_full(submission.client)) {
    return throttled();
  }
  return submit(service, request, std::move(kick_off));
}

}  // namespace

net::Response start_export(const OperationFamily& family, const Service& service,
                           const Access& access, const net::Request& request,
                           const std::optional<std::string>& id) {
  return decide(service, request, read_kick_off(family, service, access, request, id));
}

}  // namespace kiln::api
