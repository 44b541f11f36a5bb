#include "api/fault.h"

#include <utility>

#include "base/guarded.h"

namespace kiln::api {

net::Response fault_response(const Service& service, const net::Request& request,
                             std::string_view what, const base::Error& error) {
  service.log.error(what, {{"id", request.id}, {"error", error.to_string()}});
  return outcome_response(fault_of(error, request.id));
}

Problem logged_problem(const Service& service, const std::string& request_id, std::string_view what,
                       const base::Error& error, std::string expression) {
  Problem problem = problem_of_data(error, std::move(expression), request_id);
  if (is_servers(problem.code) && error.code() != base::ErrorCode::kCancelled) {
    service.log.error(what, {{"id", request_id}, {"error", error.to_string()}});
  }
  return problem;
}

net::Response guarded(const Service& service, const net::Request& request,
                      const std::function<net::Response()>& make) {
  auto made = base::guarded([&]() -> base::Result<net::Response> { return make(); });
  if (made.ok()) return std::move(made).value();
  return fault_response(service, request, "an exception left a request", made.error());
}

}  // namespace kiln::api
