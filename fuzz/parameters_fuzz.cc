// A body of an operation: read, and each of its parameters taken as every kind of value. The first
// byte chooses the content type and whether there is a query.
#include "api/input/operation_input.h"
#include "fuzz/fuzz.h"
#include "json/validate.h"

namespace {

using namespace kiln;

void take(const std::vector<api::Parameter>& parameters, api::Issues& issues, int depth) {
  for (const api::Parameter& parameter : parameters) {
    fuzz::check(depth < 64, "parts without end");
    (void)api::string_of(parameter, issues);
    (void)api::boolean_of(parameter, issues);
    (void)api::integer_of(parameter, issues);
    (void)api::reference_of(parameter, issues);
    take(parameter.parts, issues, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr const char* kTypes[] = {"application/fhir+json", "application/json",
                                           "application/fhir+json; charset=utf-8", "text/plain"};
  std::string_view input = fuzz::as_text(data, size);
  net::Request request;
  request.method = "POST";
  request.headers.add("Content-Type", kTypes[fuzz::take_choice(input, std::size(kTypes))]);
  if (fuzz::take_choice(input, 2) == 1) request.query = {{"_format", "csv"}, {"patient", "a,b"}};
  request.body = input;
  api::Issues issues;
  const api::OperationInput found = api::read_operation_input(request, issues);
  take(found.parameters, issues, 0);
  (void)api::only(found, "_format", issues);
  if (!issues.empty()) {
    fuzz::check(!api::is_servers(issues.leading().code), "not the client's fault");
    const std::string outcome = api::operation_outcome(issues.all());
    fuzz::check(!json::find_problem(outcome), "the outcome is no JSON", outcome);
  }
  return 0;
}
