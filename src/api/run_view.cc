#include "api/run_view.h"

#include "api/common_parameters.h"
#include "api/row_body.h"
#include "json/minify.h"

namespace kiln::api {
namespace {

constexpr std::string_view kNamingForms[] = {"viewCanonical", "viewReference", "viewResource"};

std::set<std::string_view> known_names() {
  return {"_format",       "header",        "patient",      "group",      "_since",  "_limit",
          "viewCanonical", "viewReference", "viewResource", "parameters", "resource"};
}

/// The rules about how the subject is named, then the subject.
std::optional<ViewSubject> read_subject(const OperationInput& input,
                                        const std::optional<std::string>& id,
                                        const Service& service, Problems& problems) {
  if (id) {
    for (const std::string_view form : kNamingForms) {
      if (only(input, form, problems) != nullptr) {
        problems.add(400, "invalid", std::string(form),
                     "the view is named by the URL, not by '" + std::string(form) + "'");
      }
    }
    return resolve_view_id(*id, service, problems);
  }
  ViewNaming naming{only(input, kNamingForms[0], problems), only(input, kNamingForms[1], problems),
                    only(input, kNamingForms[2], problems)};
  const size_t forms = naming.count() + (input.bare ? 1 : 0);
  if (forms == 0) {
    problems.add(400, "required", "",
                 "which view? viewCanonical, viewReference or viewResource is needed");
    return std::nullopt;
  }
  if (forms > 1) {
    problems.add(400, "invalid", "", "only one of viewCanonical, viewReference and viewResource");
    return std::nullopt;
  }
  if (input.bare) return inline_view(input.document, input.bare, "", service, problems);
  return resolve_view(naming, service, problems);
}

uint64_t read_limit(const OperationInput& input, Problems& problems) {
  const Parameter* const parameter = only(input, "_limit", problems);
  if (parameter == nullptr) return UINT64_MAX;
  const auto limit = integer_of(*parameter, problems);
  if (limit && *limit > 0) return static_cast<uint64_t>(*limit);
  if (limit) problems.add(400, "invalid", "_limit", "'_limit' must be a positive integer");
  return 0;
}

/// The resources that the request brings along as lines; nothing if it has none.
std::optional<std::string> read_resources(const OperationInput& input, Problems& problems) {
  const auto parameters = input.all("resource");
  if (parameters.empty()) return std::nullopt;
  std::string lines;
  std::string line;
  const auto add = [&](json::Value resource) {
    if (!resource.is_object()) return;
    json::minify(resource.raw(), line);
    lines += line + "\n";
  };
  for (const Parameter* const parameter : parameters) {
    const json::Value resource = parameter->resource;
    if (!resource.is_object()) {
      problems.add(400, "invalid", "resource", "'resource' needs a resource in the body");
    } else if (resource["resourceType"].text() == "Bundle") {
      for (const json::Value entry : resource["entry"].items()) add(entry["resource"]);
    } else {
      add(resource);
    }
  }
  return lines;
}

base::Result<dataset::SnapshotPtr> open_data(const std::optional<std::string>& resources,
                                             const Service& service) {
  if (resources) return dataset::snapshot_of_lines(*resources);
  if (service.data == nullptr) return dataset::SnapshotPtr(new dataset::Snapshot());
  return service.data->snapshot();
}

void check_columns(const RowFormat& format, const ViewSubject& subject, Problems& problems) {
  if (!format.flat) return;
  const base::Status status = table::check_format(*format.flat, subject.view->schema());
  if (!status.ok()) problems.add(422, "invalid", subject.expression, status.error().message());
}

}  // namespace

net::Response run_view(const Service& service, const net::Request& request,
                       const std::optional<std::string>& id) {
  Problems problems;
  const OperationInput input = read_operation_input(request, problems);
  if (!problems.empty()) return outcome_response(problems);
  check_names(input.parameters, known_names(), problems);
  if (!input.all("parameters").empty()) {
    problems.add(400, "invalid", "parameters", "a ViewDefinition takes no 'parameters'");
  }
  const auto format = read_format(input, true, problems);
  auto row_request = std::make_shared<RowRequest>();
  row_request->header = read_header(input, problems);
  row_request->limit = read_limit(input, problems);
  const FilterParameters filters = read_filters(input, problems);
  const auto resources = read_resources(input, problems);
  auto subject = read_subject(input, id, service, problems);
  const auto representation = negotiate(format, request.headers, problems);
  if (subject && representation) check_columns(representation->format, *subject, problems);
  auto data = open_data(resources, service);
  if (!data.ok()) {
    service.log.error("data cannot be opened", {{"error", data.error().to_string()}});
    return outcome_response(problem_of(data.error()));
  }
  row_request->filter = resolve_filters(filters, **data, service, request.stop, problems);
  if (!problems.empty()) return outcome_response(problems);
  row_request->subject = std::move(*subject);
  row_request->data = std::move(data).value();
  row_request->representation = *representation;
  return row_response(std::move(row_request), service);
}

}  // namespace kiln::api
