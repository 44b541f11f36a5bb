#include "api/export/kick_off.h"

#include "api/input/subjects.h"
#include "api/issue/plan_issues.h"
#include "base/digest.h"
#include "base/text.h"
#include "json/text.h"

namespace kiln::api {
namespace {

constexpr size_t kMostSubjects = 1000;
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

std::set<std::string_view> known_parts(const OperationFamily& family) {
  std::set<std::string_view> names = {"name", family.canonical, family.reference, family.resource};
  if (family.takes_sql()) names.insert({"parameters", "parameter"});
  return names;
}

plan::Subject read_subject(const OperationFamily& family, const Parameter& parameter,
                           Subjects& subjects, Issues& issues) {
  plan::Subject subject;
  check_names(parameter.parts, known_parts(family), issues);
  if (const Parameter* const name = part_of(parameter, "name", issues)) {
    subject.name = string_of(*name, issues).value_or("");
    check_length(subject.name, "'name'", name->expression, issues);
  }
  const Naming naming{part_of(parameter, family.canonical, issues),
                      part_of(parameter, family.reference, issues),
                      part_of(parameter, family.resource, issues)};
  if (naming.count() != 1) {
    issues.add(IssueCode::kInvalid, parameter.expression,
               "exactly one of " + std::string(family.canonical) + ", " +
                   std::string(family.reference) + " and " + std::string(family.resource) +
                   " is needed");
    return subject;
  }
  auto found = subjects.named(naming);
  if (!found) return subject;
  if (!subject.name.empty()) found->name = std::move(subject.name);
  if (family.takes_sql()) {
    subjects.complete(*found, part_of(parameter, "parameters", issues), parameter.parts);
  }
  return std::move(*found);
}

/// The one subject of an instance's URL or of a body that is it; its values stand at the top.
plan::Subject read_only_subject(const OperationFamily& family, const OperationInput& input,
                                std::optional<plan::Subject> found, Subjects& subjects,
                                Issues& issues) {
  if (!found) return {};
  if (family.takes_sql()) {
    subjects.complete(*found, only(input, "parameters", issues), input.parameters);
  }
  return std::move(*found);
}

/// One for each that was asked for, also if it was not found.
std::vector<plan::Subject> read_subjects(const OperationFamily& family, const OperationInput& input,
                                         const std::optional<std::string>& id,
                                         const Service& service, const net::Request& request,
                                         Issues& issues) {
  std::vector<plan::Subject> all;
  const std::string name(family.subject);
  Subjects subjects(family, input, service, request, issues);
  const auto parameters = input.all(name);
  if (id) {
    if (!parameters.empty()) {
      issues.add(IssueCode::kInvalid, name,
                 "the " + name + " is named by the URL, not by '" + name + "'");
    }
    all.push_back(read_only_subject(family, input, subjects.of_url(*id), subjects, issues));
    subjects.check_contexts();
    return all;
  }
  if (parameters.empty() && !input.bare) {
    issues.add(IssueCode::kRequired, name, "which one? at least one '" + name + "' is needed");
  }
  if (parameters.size() > kMostSubjects) {
    issues.add(IssueCode::kTooMany, name,
               "more than " + std::to_string(kMostSubjects) + " of '" + name + "' in one export");
    return all;
  }
  if (input.bare) {
    all.push_back(read_only_subject(family, input, subjects.of_body(), subjects, issues));
  }
  for (const Parameter* const parameter : parameters) {
    all.push_back(read_subject(family, *parameter, subjects, issues));
  }
  subjects.check_contexts();
  return all;
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

/// What exports do not take; values at the top are those of an instance's query.
void refuse_run_parameters(const OperationFamily& family, const OperationInput& input,
                           bool at_instance, Issues& issues) {
  const std::string of_sql = "'parameters' is a part of '" + std::string(family.subject) + "'";
  const std::pair<std::string_view, std::string> kRefused[] = {
      {"_limit", "'_limit' is for runs, not for exports"},
      {"resource", "'resource' is for runs, not for exports"},
      {"parameters", family.takes_sql() ? of_sql : "a ViewDefinition takes no 'parameters'"}};
  for (const auto& [name, text] : kRefused) {
    if (name == "parameters" && family.takes_sql() && (at_instance || input.bare)) continue;
    if (!input.all(name).empty()) issues.add(IssueCode::kInvalid, std::string(name), text);
  }
}

std::set<std::string_view> known_names(const OperationFamily& family) {
  std::set<std::string_view> names = {"_format", "header",           "patient",      "group",
                                      "_since",  "clientTrackingId", "_compression", family.subject,
                                      "_limit",  "resource",         "parameters"};
  names.insert(family.contexts.begin(), family.contexts.end());
  return names;
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

KickOff read_kick_off(const OperationFamily& family, const Service& service, const Access& access,
                      const net::Request& request, const std::optional<std::string>& id) {
  KickOff kick_off;
  Issues& issues = kick_off.issues;
  if (!prefers_async(request.headers)) {
    issues.add(IssueCode::kRequired, "", "an export needs the header Prefer: respond-async");
  }
  const OperationInput input = read_operation_input(request, issues, service.options.memory);
  check_names(input.parameters, known_names(family), issues);
  refuse_run_parameters(family, input, id.has_value(), issues);
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
  draft.subjects = read_subjects(family, input, id, service, request, issues);
  const std::string subject(family.subject);
  plan::Problems found;
  plan::check_count(format, draft.subjects.size(), subject, found);
  plan::name_outputs(draft.subjects, subject, found);
  plan::check_format(draft.layout.format, draft.subjects, found);
  add_issues(found, service, request, issues);
  plan::name_files(draft.subjects);
  submission.subjects = static_cast<uint32_t>(draft.subjects.size());
  submission.names = names_for_lists(draft.subjects);
  return kick_off;
}

}  // namespace kiln::api
