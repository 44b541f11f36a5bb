#include "api/export/export_jobs.h"

#include <algorithm>
#include <charconv>

#include "api/export/export_links.h"
#include "api/export/parameters_writer.h"
#include "api/export/poll_limiter.h"
#include "api/input/negotiation.h"
#include "api/issue/fault.h"
#include "api/issue/issue.h"

namespace kiln::api {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

net::Response store_failed(const Service& service, const net::Request& request,
                           const base::Error& error) {
  return fault_response(service, request, "job store failed", error);
}

net::Response not_acceptable() {
  return outcome_response(
      Issue{IssueCode::kNotAcceptable, "only application/fhir+json can be given", ""});
}

/// 0 to 99: a job is whole only when it has finished.
int64_t percent_of(const job::ProgressView& progress) {
  if (progress.bytes_total == 0) return 0;
  return std::min<int64_t>(99,
                           static_cast<int64_t>(progress.bytes_read * 100 / progress.bytes_total));
}

int64_t seconds_running(const Service& service, const job::Job& job) {
  const base::WallTime begin = job.started.value_or(job.created);
  return std::max<int64_t>(0, duration_cast<seconds>(service.clock.now() - begin).count());
}

std::optional<int64_t> seconds_left(const Service& service, const job::JobView& view) {
  if (!view.progress || view.progress->bytes_read == 0 || !view.job.started) return std::nullopt;
  const job::ProgressView& progress = *view.progress;
  const double spent = static_cast<double>(
      duration_cast<std::chrono::milliseconds>(service.clock.now() - *view.job.started).count());
  const double share = static_cast<double>(progress.bytes_read) /
                       static_cast<double>(std::max(progress.bytes_total, progress.bytes_read));
  return static_cast<int64_t>(spent * (1 - share) / share / 1000 + 0.5);
}

void write_progress(const Service& service, const job::JobView& view, ParametersWriter& body) {
  if (view.job.started) body.instant("exportStartTime", *view.job.started);
  job::ProgressView progress{};
  if (view.progress) {
    progress = *view.progress;
  } else if (view.job.state == job::JobState::kAccepted) {
    progress.subjects_total = view.job.submission.subjects;
  } else {
    return;
  }
  if (const auto left = seconds_left(service, view)) body.integer("estimatedTimeRemaining", *left);
  body.integer("percentComplete", percent_of(progress));
  body.decimal("rowsWritten", progress.rows).decimal("bytesRead", progress.bytes_read);
  body.decimal("bytesTotal", progress.bytes_total);
  body.integer("subjectsDone", progress.subjects_done);
  body.integer("subjectsTotal", progress.subjects_total);
  if (!progress.current_subject.empty()) body.text("currentSubject", progress.current_subject);
}

/// A poll early in a short job should come soon, one in a long job need not.
std::string retry_after(const Service& service, const job::Job& job) {
  return std::to_string(std::clamp<int64_t>(seconds_running(service, job) / 10, 1, 120));
}

net::Response running_response(const Service& service, const job::JobView& view) {
  const job::Job& job = view.job;
  ParametersWriter body;
  body.text("exportId", job.id.text).code("status", job::name_of(job.state));
  body.uri("location", status_url(service, job.id));
  if (!job.submission.tracking_id.empty()) {
    body.text("clientTrackingId", job.submission.tracking_id);
  }
  write_progress(service, view, body);
  net::Response response = parameters_response(202, std::move(body));
  response.headers.add("Retry-After", retry_after(service, job));
  response.headers.add("X-Progress",
                       std::to_string(view.progress ? percent_of(*view.progress) : 0) + "%");
  return response;
}

void write_outputs(const Service& service, const job::Job& job, ParametersWriter& body) {
  for (size_t i = 0; i < job.files.size();) {
    const std::string& name = job.files[i].output;
    size_t end = i;
    uint64_t rows = 0;
    for (; end < job.files.size() && job.files[end].output == name; ++end) {
      rows += job.files[end].rows;
    }
    body.begin("output").text("name", name);
    for (size_t k = i; k < end; ++k) {
      body.uri("location", file_url(service, job.id, job.files[k].name));
    }
    body.decimal("rowCount", rows);
    for (; i < end; ++i) {
      const job::OutputFile& file = job.files[i];
      body.begin("file").uri("location", file_url(service, job.id, file.name));
      body.decimal("rowCount", file.rows).decimal("size", file.size);
      body.text("sha256", file.sha256).end();
    }
    body.end();
  }
}

net::Response manifest_response(const Service& service, const job::Job& job) {
  ParametersWriter body;
  body.text("exportId", job.id.text);
  if (!job.submission.tracking_id.empty()) {
    body.text("clientTrackingId", job.submission.tracking_id);
  }
  body.code("status", "completed").uri("location", status_url(service, job.id));
  body.uri("cancelUrl", status_url(service, job.id));
  body.code("_format", job.submission.format);
  const base::WallTime begin = job.started.value_or(job.created);
  const base::WallTime end = job.finished.value_or(begin);
  body.instant("exportStartTime", begin).instant("exportEndTime", end);
  body.integer("exportDuration", duration_cast<seconds>(end - begin).count());
  write_outputs(service, job, body);
  net::Response response = parameters_response(200, std::move(body));
  if (job.expires) response.headers.add("Expires", base::to_http_date(*job.expires));
  return response;
}

constexpr std::string_view kBehind = "behind";
constexpr std::string_view kStatus = "status";

/// Of those that a list can show.
std::optional<job::JobState> state_of(std::string_view name) {
  for (const auto state : {job::JobState::kAccepted, job::JobState::kInProgress,
                           job::JobState::kCompleted, job::JobState::kFailed}) {
    if (job::name_of(state) == name) return state;
  }
  return std::nullopt;
}

/// "1764086401000-0123456789abcdef0123456789abcdef"
std::string text_of_place(const job::JobPlace& place) {
  const auto created =
      duration_cast<std::chrono::milliseconds>(place.created.time_since_epoch()).count();
  return std::to_string(created) + "-" + place.id.text;
}

std::optional<job::JobPlace> place_of(std::string_view text) {
  int64_t created = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), created);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.starts_with('-') || !job::is_job_id(text.substr(1))) return std::nullopt;
  return job::JobPlace{base::WallTime(std::chrono::milliseconds(created)),
                       {std::string(text.substr(1))}};
}

/// 202 if the engine has changed the job; `if_not` if there was nothing to change.
net::Response change_job(const Service& service, const Access& access, const net::Request& request,
                         const job::JobId& id,
                         base::Result<bool> (job::JobEngine::*change)(const job::JobId&),
                         net::Response if_not) {
  net::Response response;
  if (!find_job(service, access, request, id, response)) return response;
  const auto changed = (service.jobs.*change)(id);
  if (!changed.ok()) return store_failed(service, request, changed.error());
  if (!*changed) return if_not;
  response.status = 202;
  return response;
}

}  // namespace

net::Response not_ready(const base::Error& error) {
  net::Response response = outcome_response(
      Issue{IssueCode::kUnavailable, "no jobs are taken at the moment: " + error.message(), ""});
  response.headers.set("Retry-After", "30");
  return response;
}

net::Response no_such_job() {
  return outcome_response(Issue{IssueCode::kUnknown, "no such export", ""});
}

std::optional<job::JobView> find_job(const Service& service, const Access& access,
                                     const net::Request& request, const job::JobId& id,
                                     net::Response& instead) {
  auto view = service.jobs.find(id);
  if (!view.ok()) {
    instead = store_failed(service, request, view.error());
    return std::nullopt;
  }
  if (*view && access.sees((*view)->job.submission)) {
    return std::move(view).value();
  }
  instead = no_such_job();
  return std::nullopt;
}

net::Response export_status(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id) {
  if (!accepts_fhir_json(request.headers)) return not_acceptable();
  net::Response response;
  const auto view = find_job(service, access, request, id, response);
  if (!view) return response;
  if (!service.polls.allow(id.text)) {
    response = outcome_response(
        Issue{IssueCode::kThrottled, "this job is polled too often; Retry-After tells when", ""});
    response.headers.add("Retry-After", "1");
    return response;
  }
  if (!job::is_final(view->job.state)) return running_response(service, *view);
  response.status = 303;
  response.headers.add("Location", result_url(service, id));
  return response;
}

net::Response export_result(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id) {
  if (!accepts_fhir_json(request.headers)) return not_acceptable();
  net::Response response;
  const auto view = find_job(service, access, request, id, response);
  if (!view) return response;
  const job::Job& job = view->job;
  if (!job::is_final(job.state)) {
    return outcome_response(Issue{IssueCode::kUnknown, "the export has no result yet", ""});
  }
  if (job.state == job::JobState::kCompleted) return manifest_response(service, job);
  return outcome_response(issue_of(job.failure));
}

net::Response cancel_export(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id) {
  return change_job(service, access, request, id, &job::JobEngine::cancel, no_such_job());
}

net::Response remove_export(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id) {
  return change_job(service, access, request, id, &job::JobEngine::remove,
                    outcome_response(Issue{IssueCode::kUnknown, "there is no such result", ""}));
}

net::Response list_exports(const Service& service, const Access& access,
                           const net::Request& request) {
  std::optional<job::JobPlace> behind;
  job::JobStates states = 0;
  std::string filter;
  for (const auto& [name, value] : request.query) {
    if (name == kStatus) {
      const auto state = state_of(value);
      if (!state) {
        return outcome_response(Issue{
            IssueCode::kInvalid, "'status' is accepted, in-progress, completed or failed", name});
      }
      states |= job::states_of(*state);
      filter += "&status=" + std::string(job::name_of(*state));
    }
    if (name != kBehind) continue;
    behind = place_of(value);
    if (!behind) return outcome_response(Issue{IssueCode::kInvalid, "not a place in a list", name});
  }
  if (states == 0) states = job::kAllStates;
  const auto list = service.jobs.jobs_of(access.client, behind, states);
  if (!list.ok()) return store_failed(service, request, list.error());
  ParametersWriter body;
  for (const job::JobView& view : list->jobs) {
    const job::Job& job = view.job;
    if (!access.sees(job.submission)) continue;
    body.begin("job").text("exportId", job.id.text).code("status", job::name_of(job.state));
    body.uri("location", status_url(service, job.id));
    if (!job.submission.tracking_id.empty()) {
      body.text("clientTrackingId", job.submission.tracking_id);
    }
    body.code("_format", job.submission.format);
    for (const std::string& name : job.submission.names) body.text("name", name);
    body.instant("created", job.created);
    write_progress(service, view, body);
    if (job::is_final(job.state)) body.integer("subjectsTotal", job.submission.subjects);
    if (job.finished) body.instant("exportEndTime", *job.finished);
    if (job.state == job::JobState::kCompleted) {
      body.decimal("rowCount", job.rows).decimal("size", job.size);
    }
    if (job.expires) body.instant("expires", *job.expires);
    body.end();
  }
  if (list->last)
    body.uri("next", list_url(service) + "?behind=" + text_of_place(*list->last) + filter);
  return parameters_response(200, std::move(body));
}

}  // namespace kiln::api
