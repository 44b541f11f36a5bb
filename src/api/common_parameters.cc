#include "api/common_parameters.h"

#include <algorithm>

#include "api/fault.h"
#include "api/row_body.h"
#include "base/text.h"
#include "fhir/temporal.h"
#include "plan/cohort.h"

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
                                         const Service& service, Problems& problems) {
  std::vector<std::string> references;
  for (const Parameter* const parameter : input.all(name)) {
    const auto text = reference_of(*parameter, problems);
    if (!text) continue;
    const auto add = [&](std::string_view one) {
      references.emplace_back(local_reference(one, service));
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

net::Response later(const Service& service, const net::Request& request,
                    std::function<net::Response()> make) {
  net::Response response;
  response.body = net::LaterBody{
      [&service, &request, make = std::move(make)] { return guarded(service, request, make); }};
  return response;
}

std::string_view local_reference(std::string_view reference, const Service& service) {
  const std::string_view base = service.options.base_url;
  if (reference.starts_with(base) && reference.substr(base.size()).starts_with('/')) {
    reference.remove_prefix(base.size() + 1);
  }
  return reference;
}

base::Result<dataset::SnapshotPtr> open_data(const Service& service) {
  if (service.data == nullptr) return dataset::SnapshotPtr(new dataset::Snapshot());
  return service.data->snapshot();
}

void check_names(const std::vector<Parameter>& parameters, const std::set<std::string_view>& known,
                 Problems& problems) {
  for (const Parameter& parameter : parameters) {
    if (known.contains(parameter.name)) continue;
    std::string text = "'" + parameter.name + "' is not a parameter here";
    if (parameter.name == "source") text = "'source' is not supported";
    problems.add(ProblemCode::kNotSupported, parameter.expression, std::move(text));
  }
}

std::optional<RowFormat> read_format(const OperationInput& input, bool with_fhir,
                                     Problems& problems) {
  const Parameter* const parameter = only(input, "_format", problems);
  if (parameter == nullptr) return std::nullopt;
  const auto given = text_of(*parameter, problems);
  if (!given) return std::nullopt;
  const std::string text = with_plus(*parameter, *given);
  const auto format = row_format_of(text);
  if (!format) {
    add_unsupported_format(text, with_fhir, problems);
  } else if (!format->flat && !with_fhir) {
    problems.add(ProblemCode::kInvalid, "_format", "'fhir' is for runs, not for exports");
    return std::nullopt;
  }
  return format;
}

bool read_header(const OperationInput& input, Problems& problems) {
  const Parameter* const parameter = only(input, "header", problems);
  return parameter == nullptr || boolean_of(*parameter, problems).value_or(true);
}

FilterParameters read_filters(const OperationInput& input, const Service& service,
                              Problems& problems) {
  FilterParameters filters;
  filters.patients = read_references(input, "patient", service, problems);
  filters.groups = read_references(input, "group", service, problems);
  if (const Parameter* const since = only(input, "_since", problems)) {
    filters.since = with_plus(*since, text_of(*since, problems).value_or(""));
    if (!filters.since.empty() && !fhir::Temporal::parse_date_time(filters.since)) {
      problems.add(ProblemCode::kInvalid, "_since", "not an instant: " + filters.since);
    }
  }
  return filters;
}

engine::FilterSpec resolve_filters(const FilterParameters& filters,
                                   const dataset::Snapshot& snapshot, const Service& service,
                                   const net::Request& request, Problems& problems) {
  engine::FilterSpec spec;
  if (const auto since = fhir::Temporal::parse_date_time(filters.since)) {
    spec.since = since->to_unix_microseconds();
  }
  if (!filters.needs_cohort()) return spec;
  WorkMemory memory(service.options.memory);
  auto cohort =
      plan::find_cohort(snapshot, filters.patients, filters.groups,
                        engine_options(service.options, service.clock.now(), memory), request.stop);
  if (!cohort.ok()) {
    problems.add(logged_problem(service, request.id, "cohort cannot be read", cohort.error(), ""));
    return spec;
  }
  for (const std::string& patient : cohort->unknown_patients) {
    problems.add(ProblemCode::kUnknownFilter, "patient", "no such patient: " + patient);
  }
  for (const std::string& group : cohort->unknown_groups) {
    problems.add(ProblemCode::kUnknownFilter, "group", "no such group: " + group);
  }
  spec.patients = std::move(cohort->patients);
  return spec;
}

}  // namespace kiln::api
