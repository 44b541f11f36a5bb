#include "api/export_view.h"

#include <algorithm>
#include <cctype>

#include "api/common_parameters.h"
#include "api/export_links.h"
#include "api/export_request.h"
#include "api/view_subject.h"
#include "base/digest.h"

namespace kiln::api {
namespace {

constexpr std::string_view kOperation = "$viewdefinition-export";

/// "respond-async" anywhere in the Prefer header's list, in any case (RFC 7240).
bool prefers_async(const net::Headers& headers) {
  std::string prefer = headers.get("Prefer").value_or("");
  std::transform(prefer.begin(), prefer.end(), prefer.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (size_t at = 0; at < prefer.size();) {
    const size_t end = std::min(prefer.find_first_of(",;", at), prefer.size());
    const size_t first = prefer.find_first_not_of(" \t", at);
    const size_t last = prefer.find_last_not_of(" \t", end - 1);
    if (first < end && prefer.substr(first, last - first + 1) == "respond-async") return true;
    at = end + 1;
  }
  return false;
}

const Parameter* part_of(const Parameter& parameter, std::string_view name, Problems& problems) {
  const Parameter* found = nullptr;
  for (const Parameter& part : parameter.parts) {
    if (part.name != name) continue;
    if (found != nullptr) {
      problems.add(400, "invalid", part.expression, "'" + part.name + "' is given twice");
    }
    found = &part;
  }
  return found;
}

std::optional<ViewSubject> read_view(const Parameter& parameter, const Service& service,
                                     Problems& problems) {
  check_names(parameter.parts, {"name", "viewCanonical", "viewReference", "viewResource"},
              problems);
  const ViewNaming naming{part_of(parameter, "viewCanonical", problems),
                          part_of(parameter, "viewReference", problems),
                          part_of(parameter, "viewResource", problems)};
  if (naming.count() != 1) {
    problems.add(400, "invalid", parameter.expression,
                 "exactly one of viewCanonical, viewReference and viewResource is needed");
    return std::nullopt;
  }
  auto subject = resolve_view(naming, service, problems);
  if (const Parameter* const name = part_of(parameter, "name", problems)) {
    const auto text = text_of(*name, problems);
    if (text && subject) subject->name = *text;
  }
  return subject;
}

std::vector<ViewSubject> read_subjects(const OperationInput& input,
                                       const std::optional<std::string>& id, const Service& service,
                                       Problems& problems) {
  std::vector<ViewSubject> subjects;
  const auto add = [&](std::optional<ViewSubject> subject) {
    if (subject) subjects.push_back(std::move(*subject));
  };
  const auto views = input.all("view");
  if (id) {
    if (!views.empty()) {
      problems.add(400, "invalid", "view", "the view is named by the URL, not by 'view'");
    }
    add(resolve_view_id(*id, service, problems));
    return subjects;
  }
  if (views.empty() && !input.bare) {
    problems.add(400, "required", "view", "which views? at least one 'view' is needed");
  }
  if (input.bare) add(inline_view(input.document, input.bare, "", service, problems));
  for (const Parameter* const view : views) add(read_view(*view, service, problems));
  return subjects;
}

/// Names for the outputs that have none, and no name twice.
void name_outputs(std::vector<ViewSubject>& subjects, Problems& problems) {
  for (size_t i = 0; i < subjects.size(); ++i) {
    if (subjects[i].name.empty()) subjects[i].name = "view" + std::to_string(i + 1);
    for (size_t j = 0; j < i; ++j) {
      if (subjects[j].name != subjects[i].name) continue;
      problems.add(400, "invalid", "view", "two outputs are named '" + subjects[i].name + "'");
      break;
    }
  }
}

FileCompression read_compression(const OperationInput& input, table::Format format,
                                 Problems& problems) {
  const Parameter* const parameter = only(input, "_compression", problems);
  if (parameter == nullptr) return FileCompression::kNone;
  const std::string text = text_of(*parameter, problems).value_or("none");
  if (text == "none") return FileCompression::kNone;
  if (text != "gzip" && text != "zstd") {
    problems.add(400, "not-supported", "_compression",
                 "'_compression' must be none, gzip or zstd, not '" + text + "'");
  } else if (format == table::Format::kParquet) {
    problems.add(400, "invalid", "_compression", "Parquet is compressed inside");
  }
  return text == "gzip" ? FileCompression::kGzip : FileCompression::kZstd;
}

void refuse_run_parameters(const OperationInput& input, Problems& problems) {
  const std::pair<std::string_view, std::string_view> kRefused[] = {
      {"_limit", "'_limit' is for runs, not for exports"},
      {"resource", "'resource' is for runs, not for exports"},
      {"parameters", "a ViewDefinition takes no 'parameters'"}};
  for (const auto& [name, text] : kRefused) {
    if (!input.all(name).empty()) {
      problems.add(400, "invalid", std::string(name), std::string(text));
    }
  }
}

base::Result<dataset::SnapshotPtr> open_data(const Service& service) {
  if (service.data == nullptr) return dataset::SnapshotPtr(new dataset::Snapshot());
  return service.data->snapshot();
}

net::Response refuse_submission(const base::Error& error, const Service& service) {
  if (error.code() == base::ErrorCode::kLimit) {
    net::Response response =
        outcome_response(Problem{429, "throttled", error.message() + "; try again later", ""});
    response.headers.add("Retry-After", "30");
    return response;
  }
  service.log.warning("kick-off refused", {{"error", error.to_string()}});
  return outcome_response(problem_of(error));
}

}  // namespace

net::Response export_views(const Service& service, const net::Request& request,
                           const std::optional<std::string>& id) {
  Problems problems;
  if (!prefers_async(request.headers)) {
    problems.add(400, "required", "", "an export needs the header Prefer: respond-async");
  }
  const OperationInput input = read_operation_input(request, problems);
  if (problems.status() == 415 || (!problems.empty() && !input.document && !request.body.empty())) {
    return outcome_response(problems);
  }
  check_names(input.parameters,
              {"_format", "header", "patient", "group", "_since", "clientTrackingId",
               "_compression", "view", "_limit", "resource", "parameters"},
              problems);
  refuse_run_parameters(input, problems);
  ExportRequest job_request;
  job_request.operation = std::string(kOperation);
  const auto format = read_format(input, false, problems);
  if (format && format->flat) job_request.format = *format->flat;
  job_request.header = read_header(input, problems);
  job_request.compression = read_compression(input, job_request.format, problems);
  const FilterParameters filters = read_filters(input, problems);
  auto subjects = read_subjects(input, id, service, problems);
  name_outputs(subjects, problems);
  for (const ViewSubject& subject : subjects) {
    const base::Status status = table::check_format(job_request.format, subject.view->schema());
    if (!status.ok()) problems.add(422, "invalid", subject.expression, status.error().message());
  }
  job::Submission submission;
  if (const Parameter* const tracking = only(input, "clientTrackingId", problems)) {
    submission.tracking_id = text_of(*tracking, problems).value_or("");
  }
  const auto data = open_data(service);
  if (!data.ok()) return refuse_submission(data.error(), service);
  job_request.filter = resolve_filters(filters, **data, service, request.stop, problems);
  if (!problems.empty()) return outcome_response(problems);
  std::vector<std::string> names;
  for (const ViewSubject& subject : subjects) names.push_back(subject.name);
  const std::vector<std::string> stems = file_stems(names);
  for (size_t i = 0; i < subjects.size(); ++i) {
    job_request.views.push_back({names[i], stems[i], std::move(subjects[i].text)});
  }
  submission.client = request.peer;
  submission.idempotency_key = request.headers.get("Idempotency-Key").value_or("");
  submission.request_hash = base::sha256_hex(request.target + "\n" + request.body);
  submission.summary = table::name_of(job_request.format);
  const std::string tracking_id = submission.tracking_id;
  const auto submitted = service.jobs.submit(
      std::move(submission), {job_request.to_json(), dataset::describe_snapshot(**data)}, *data);
  if (!submitted.ok()) return refuse_submission(submitted.error(), service);
  service.log.info("export requested", {{"id", request.id},
                                        {"job", submitted->text},
                                        {"views", job_request.views.size()},
                                        {"format", table::name_of(job_request.format)}});
  return accepted_response(service, *submitted, tracking_id);
}

}  // namespace kiln::api
