#include "api/export_view.h"

#include <set>

#include "api/authorizer.h"
#include "api/export_links.h"
#include "api/fault.h"
#include "api/kick_off.h"
#include "base/digest.h"

namespace kiln::api {
namespace {

net::Response throttled() {
  net::Response response =
      outcome_response(Problem{429, "throttled", "too many jobs are waiting; try again later", ""});
  response.headers.add("Retry-After", "30");
  return response;
}

net::Response refuse_submission(const base::Error& error, const Service& service,
                                const net::Request& request) {
  if (error.code() == base::ErrorCode::kLimit) return throttled();
  if (error.code() == base::ErrorCode::kInvalid) return outcome_response(problem_of(error));
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
  take_subjects(kick_off);
  job::Submission& submission = kick_off.submission;
  submission.client = service.authorizer.client_of(request);
  submission.request_hash = base::sha256_hex(request.target + "\n" + request.body);
  submission.summary = table::name_of(kick_off.request.format);
  submission.subjects = static_cast<uint32_t>(kick_off.request.views.size());
  const auto submitted = service.jobs.submit(
      submission, {kick_off.request.to_json(), dataset::describe_snapshot(*data)}, data);
  if (!submitted.ok()) return refuse_submission(submitted.error(), service, request);
  service.log.info("export requested", {{"id", request.id},
                                        {"job", submitted->text},
                                        {"views", submission.subjects},
                                        {"format", submission.summary}});
  return accepted_response(service, *submitted, submission.tracking_id);
}

}  // namespace

net::Response export_views(const Service& service, const net::Request& request,
                           const std::optional<std::string>& id) {
  auto kick_off = read_kick_off(service, request, id);
  if (!kick_off->filters.needs_cohort()) return submit(service, request, *kick_off);
  // No scan for a job that would not be taken anyway, unless it may be one that is known.
  if (kick_off->submission.idempotency_key.empty() && service.jobs.is_full()) {
    return throttled();
  }
  net::Response response;
  response.body = net::LaterBody{
      [&service, &request, kick_off] { return submit(service, request, *kick_off); }};
  return response;
}

}  // namespace kiln::api
