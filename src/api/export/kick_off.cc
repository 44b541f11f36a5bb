#include "api/export/kick_off.h"

#include "api/input/view_subject.h"
#include "api/issue/plan_issues.h"
#include "base/digest.h"
#include "base/text.h"
#include "json/text.h"

namespace kiln::api {
namespace {

constexpr size_t kMostViews = 1000;
/// Of what is kept for the client as long as the job's record.
constexpr size_t kLongestText = 1000;

/// "respond-async" anywhere in the Prefer header's list, in any case, with parameters or without
/// (RFC 7240).
bool prefers_async(const net::Headers& headers) {
  bool found = false;
  const std::string prefer = base::lower(headers.get("Prefer").value_or(""));
  base::for_each_piece(prefer, ',', [&](std::string_view one) {
    found = found || base::trimmed(one.substr(0, one.find(';'))) == "respond-async";
  });
  return found;
}

const Parameter* part_of(const Parameter& parameter, std::string_view name, Issues& issues) {
  const Parameter* found = nullptr;
  for (const Parameter& part : parameter.parts) {
    if (part.name != name) continue;
    if (found != nullptr) {
      issues.add(IssueCode::kInvalid, part.expression, "'" + part.name + "' is given twice");
    }
    found = &part;
  }
  return found;
}

void check_length(const std::string& text, const std::string& what, const std::string& expression,
                  Issues& issues) {
  if (text.size() <= kLongestText) return;
  issues.add(IssueCode::kInvalid, expression,
             what + " is longer than " + std::to_string(kLongestText) + " bytes");
}

plan::Subject read_view(const Parameter& parameter, const ViewSubjects& views, Issues& issues) {
  plan::Subject subject;
  check_names(parameter.parts, {"name", "viewCanonical", "viewReference", "viewResource"}, issues);
  if (const Parameter* const name = part_of(parameter, "name", issues)) {
    subject.name = string_of(*name, issues).value_or("");
    check_length(subject.name, "'name'", name->expression, issues);
  }
  const ViewNaming naming{part_of(parameter, "viewCanonical", issues),
                          part_of(parameter, "viewReference", issues),
                          part_of(parameter, "viewResource", issues)};
  if (naming.count() != 1) {
    issues.add(IssueCode::kInvalid, parameter.expression,
               "exactly one of viewCanonical, viewReference and viewResource is needed");
    return subject;
  }
  auto found = views.named(naming);
  if (!found) return subject;
  if (!subject.name.empty()) found->name = std::move(subject.name);
  return std::move(*found);
}

/// One for each view that was asked for, also if it was not found.
std::vector<plan::Subject> read_views(const OperationInput& input,
                                      const std::optional<std::string>& id, const Service& service,
                                      const net::Request& request, Issues& issues) {
  std::vector<plan::Subject> subjects;
  const ViewSubjects views(service, request, issues);
  const auto parameters = input.all("view");
  if (id) {
    if (!parameters.empty()) {
      issues.add(IssueCode::kInvalid, "view", "the view is named by the URL, not by 'view'");
    }
    subjects.push_back(views.of_url(*id, input).value_or(plan::Subject()));
    return subjects;
  }
  if (parameters.empty() && !input.bare) {
    issues.add(IssueCode::kRequired, "view", "which views? at least one 'view' is needed");
  }
  if (parameters.size() > kMostViews) {
    issues.add(IssueCode::kTooMany, "view",
               "more than " + std::to_string(kMostViews) + " views in one export");
    return subjects;
  }
  if (input.bare) subjects.push_back(views.of_body(input).value_or(plan::Subject()));
  for (const Parameter* const view : parameters) {
    subjects.push_back(read_view(*view, views, issues));
  }
  return subjects;
}

output::Compression read_compression(const OperationInput& input, Issues& issues) {
  const Parameter* const parameter = only(input, "_compression", issues);
  if (parameter == nullptr) return output::Compression::kNone;
  const std::string text = string_of(*parameter, issues).value_or("none");
  const auto compression = output::compression_of(text);
  if (!compression) {
    issues.add(IssueCode::kNotSupported, "_compression",
               "'_compression' must be none, gzip or zstd, not '" + text + "'");
  }
  return compression.value_or(output::Compression::kNone);
}

void refuse_run_parameters(const OperationInput& input, Issues& issues) {
  const std::pair<std::string_view, std::string_view> kRefused[] = {
      {"_limit", "'_limit' is for runs, not for exports"},
      {"resource", "'resource' is for runs, not for exports"},
      {"parameters", "a ViewDefinition takes no 'parameters'"}};
  for (const auto& [name, text] : kRefused) {
    if (!input.all(name).empty()) {
      issues.add(IssueCode::kInvalid, std::string(name), std::string(text));
    }
  }
}

/// A list of many jobs stays a list of short records.
std::vector<std::string> names_for_lists(const std::vector<plan::Subject>& subjects) {
  static constexpr size_t kMostNames = 10;
  static constexpr size_t kLongestName = 100;
  std::vector<std::string> names;
  for (const plan::Subject& subject : subjects) {
    if (names.size() == kMostNames) break;
    if (subject.name.size() <= kLongestName) names.push_back(subject.name);
  }
  return names;
}

std::string read_tracking_id(const OperationInput& input, Issues& issues) {
  const Parameter* const parameter = only(input, "clientTrackingId", issues);
  if (parameter == nullptr) return "";
  std::string text = string_of(*parameter, issues).value_or("");
  check_length(text, "'clientTrackingId'", "clientTrackingId", issues);
  return text;
}

}  // namespace

KickOff read_kick_off(const Service& service, const Access& access, const net::Request& request,
                      const std::optional<std::string>& id) {
  KickOff kick_off;
  Issues& issues = kick_off.issues;
  if (!prefers_async(request.headers)) {
    issues.add(IssueCode::kRequired, "", "an export needs the header Prefer: respond-async");
  }
  const OperationInput input = read_operation_input(request, issues, service.options.memory);
  check_names(input.parameters,
              {"_format", "header", "patient", "group", "_since", "clientTrackingId",
               "_compression", "view", "_limit", "resource", "parameters"},
              issues);
  refuse_run_parameters(input, issues);
  plan::Draft& draft = kick_off.draft = new_draft(service.options);
  const table::Format format = read_format(input, false, issues).value_or(table::Format::kNdjson);
  draft.layout.format = format;
  draft.layout.text.header = read_header(input, issues);
  draft.layout.compression = read_compression(input, issues);
  plan::Problems unsuited;
  plan::check_compression(draft.layout, "_compression", unsuited);
  add_issues(unsuited, service, request, issues);
  draft.filters = read_filters(input, service, issues);
  job::Submission& submission = kick_off.submission;
  submission.tracking_id = read_tracking_id(input, issues);
  submission.idempotency_key = request.headers.get("Idempotency-Key").value_or("");
  check_length(submission.idempotency_key, "the Idempotency-Key", "", issues);
  if (!json::is_utf8(submission.idempotency_key)) {
    issues.add(IssueCode::kInvalid, "", "the Idempotency-Key is not UTF-8");
  }
  submission.client = access.client;
  if (!submission.idempotency_key.empty()) {
    submission.request_hash = base::sha256_hex(request.target + "\n" + request.body);
  }
  submission.format = table::name_of(format);
  if (!input.readable) return kick_off;
  draft.subjects = read_views(input, id, service, request, issues);
  plan::Problems found;
  plan::check_count(format, draft.subjects.size(), "view", found);
  plan::name_outputs(draft.subjects, "view", found);
  plan::check_format(draft.layout.format, draft.subjects, found);
  add_issues(found, service, request, issues);
  plan::name_files(draft.subjects);
  submission.subjects = static_cast<uint32_t>(draft.subjects.size());
  submission.names = names_for_lists(draft.subjects);
  return kick_off;
}

}  // namespace kiln::api
