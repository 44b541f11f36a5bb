#include "api/input/common_parameters.h"

#include <algorithm>

#include "api/issue/fault.h"
#include "api/issue/plan_issues.h"
#include "api/run/row_body.h"
#include "base/text.h"
#include "fhir/temporal.h"
#include "plan/resolver.h"

namespace kiln::api {
namespace {

/// A '+' that nobody has encoded reads as a space in a query: "+02:00", "application/fhir+json".
/// For values that have no spaces.
std::string with_plus(const Parameter& parameter, std::string text) {
  if (parameter.query_text) std::replace(text.begin(), text.end(), ' ', '+');
  return text;
}

/// References of a repeating parameter, without our own base; a query string may hold several,
/// separated by commas.
std::vector<std::string> read_references(const OperationInput& input, std::string_view name,
                                         const Service& service, Issues& issues) {
  std::vector<std::string> references;
  for (const Parameter* const parameter : input.all(name)) {
    const auto text = reference_of(*parameter, issues);
    if (!text) continue;
    const auto add = [&](std::string_view one) {
      references.emplace_back(plan::local_reference(one, service.options.base_url));
    };
    if (parameter->query_text) {
      base::for_each_piece(*text, ',', add);
    } else {
      add(*text);
    }
  }
  return references;
}

}  // namespace

base::Result<dataset::SnapshotPtr> open_data(const Service& service) {
  if (service.data == nullptr) return dataset::SnapshotPtr(new dataset::Snapshot());
  return service.data->snapshot();
}

void check_names(const std::vector<Parameter>& parameters, const std::set<std::string_view>& known,
                 Issues& issues) {
  for (const Parameter& parameter : parameters) {
    if (known.contains(parameter.name)) continue;
    std::string text = "'" + parameter.name + "' is not a parameter here";
    if (parameter.name == "source") text = "'source' is not supported";
    issues.add(IssueCode::kNotSupported, parameter.expression, std::move(text));
  }
}

std::optional<table::Format> read_format(const OperationInput& input, bool with_fhir,
                                         Issues& issues) {
  const Parameter* const parameter = only(input, "_format", issues);
  if (parameter == nullptr) return std::nullopt;
  const auto given = string_of(*parameter, issues);
  if (!given) return std::nullopt;
  const std::string text = with_plus(*parameter, *given);
  const auto format = row_format_of(text);
  if (!format) {
    add_unsupported_format(text, with_fhir, issues);
  } else if (format == table::Format::kFhir && !with_fhir) {
    issues.add(IssueCode::kInvalid, "_format", "'fhir' is for runs, not for exports");
    return std::nullopt;
  }
  return format;
}

bool read_header(const OperationInput& input, Issues& issues) {
  const Parameter* const parameter = only(input, "header", issues);
  return parameter == nullptr || boolean_of(*parameter, issues).value_or(true);
}

plan::FilterNames read_filters(const OperationInput& input, const Service& service,
                               Issues& issues) {
  plan::FilterNames filters;
  filters.patients = read_references(input, "patient", service, issues);
  filters.groups = read_references(input, "group", service, issues);
  const Parameter* const since = only(input, "_since", issues);
  if (since == nullptr) return filters;
  const std::string text = with_plus(*since, string_of(*since, issues).value_or(""));
  if (const auto time = fhir::Temporal::parse_date_time(text)) {
    filters.since = time->to_unix_microseconds();
  } else if (!text.empty()) {
    issues.add(IssueCode::kInvalid, "_since", "not an instant: " + text);
  }
  return filters;
}

plan::Draft new_draft(const ServiceOptions& options) {
  plan::Draft draft;
  draft.rules.reader.max_line_size = options.max_line_size;
  draft.layout.part_rows = options.part_rows;
  draft.fhir_version = options.fhir_version;
  return draft;
}

plan::PlanPtr make_plan(plan::Draft draft, const dataset::SnapshotPtr& data, plan::Hold hold,
                        const Service& service, const net::Request& request, Issues& issues) {
  WorkMemory memory(service.options.memory);
  plan::Execution execution = execution_of(service.options, service.clock.now(), memory);
  execution.stop = request.stop;
  plan::Problems found;
  plan::PlanPtr plan = plan::make_plan(std::move(draft), data, hold, execution, found);
  add_issues(found, service, request, issues);
  return issues.empty() ? plan : nullptr;
}

}  // namespace kiln::api
