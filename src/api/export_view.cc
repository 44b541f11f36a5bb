#include "api/export_view.h"

#include <set>

#include "api/export_jobs.h"
#include "api/export_links.h"
#include "api/fault.h"
#include "api/kick_off.h"
#include "base/digest.h"

namespace kiln::api {
namespace {

net::Response throttled() {
  net::Response response = outcome_response(
      Problem{ProblemCode::kThrottled, "too many jobs are waiting; try again later", ""});
  response.headers.add("Retry-After", "30");
  return response;
}

net::Response stopped() {
  return outcome_response(Problem{ProblemCode::kUnavailable, "the request was given up", ""});
}

net::Response refuse_submission(const base::Error& error, const Service& service,
                                const net::Request& request) {
  if (error.code() == base::ErrorCode::kLimit) return throttled();
  if (error.code() == base::ErrorCode::kConflict) {
    return outcome_response(Problem{ProblemCode::kKeyReused, error.message(), ""});
  }
  return fault_response(service, request, "kick-off failed", error);
}

/// What the views read: a change of any other file is nothing to the job.
dataset::SnapshotPtr data_of(const KickOff& kick_off, const dataset::Snapshot& all) {
  std::set<std::string> types;
  for (const ViewSubject& subject : kick_off.subjects) types.insert(subject.view->resource());
  return dataset::narrow_snapshot(all, types);
}

void take_subjects(KickOff& kick_off) {
  std::vector<std::string> names;
  for (const ViewSubject& subject : kick_off.subjects) names.push_back(subject.name);
  const std::vector<std::string> stems = file_stems(names);
  for (size_t i = 0; i < names.size(); ++i) {
    kick_off.request.views.push_back({names[i], stems[i], std::move(kick_off.subjects[i].text)});
  }
}

/// The filters against the data, then the job.
net::Response submit(const Service& service, const net::Request& request, KickOff& kick_off) {
  const auto all = open_data(service);
  if (!all.ok()) return fault_response(service, request, "data cannot be opened", all.error());
  kick_off.request.filter =
      resolve_filters(kick_off.filters, **all, service, request, kick_off.problems);
  if (!kick_off.problems.empty()) return outcome_response(kick_off.problems);
  const dataset::SnapshotPtr data = data_of(kick_off, **all);
  if (request.stop.stop_requested()) return stopped();  // nobody would know of the job
  take_subjects(kick_off);
  const job::Submission& submission = kick_off.submission;
  const auto submitted = service.jobs.submit(
      submission, {kick_off.request.to_json(), dataset::describe_snapshot(*data)}, data);
  if (!submitted.ok()) return refuse_submission(submitted.error(), service, request);
  service.log.info("export requested", {{"id", request.id},
                                        {"job", submitted->text},
                                        {"views", submission.subjects},
                                        {"format", submission.format}});
  return accepted_response(service, *submitted, submission.tracking_id);
}

/// A job that is known already needs no look at the data, nor does one that would not be taken.
net::Response decide(const Service& service, const net::Request& request, KickOff& kick_off) {
  const job::Submission& submission = kick_off.submission;
  const auto known = service.jobs.find_equal(submission);
  if (known.ok() && *known) return accepted_response(service, **known, submission.tracking_id);
  if (!known.ok() && kick_off.problems.empty()) {
    return refuse_submission(known.error(), service, request);
  }
  const base::Status ready = service.jobs.ready();
  if (!ready.ok()) return not_ready(ready.error());
  if (kick_off.filters.needs_cohort() && service.jobs.is_full(submission.client)) {
    return throttled();
  }
  return submit(service, request, kick_off);
}

}  // namespace

net::Response export_views(const Service& service, const Access& access,
                           const net::Request& request, const std::optional<std::string>& id) {
  return later(service, request, [&service, access, &request, id] {
    return decide(service, request, *read_kick_off(service, access, request, id));
  });
}

}  // namespace kiln::api
