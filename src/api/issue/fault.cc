#include "api/issue/fault.h"

#include <utility>

#include "base/guarded.h"

namespace kiln::api {

net::Response fault_response(const Service& service, const net::Request& request,
                             std::string_view what, const base::Error& error) {
  service.log.error(what, {{"id", request.id}, {"error", error.to_string()}});
  return outcome_response(fault_of(error, request.id));
}

Issue logged_issue(const Service& service, const std::string& request_id, std::string_view what,
                   const base::Error& error, std::string expression) {
  Issue issue = issue_of_data(error, std::move(expression), request_id);
  if (is_servers(issue.code) && error.code() != base::ErrorCode::kCancelled) {
    service.log.error(what, {{"id", request_id}, {"error", error.to_string()}});
  }
  return issue;
}

net::Response guarded(const Service& service, const net::Request& request,
                      const std::function<net::Response()>& make) {
  auto made = base::guarded([&]() -> base::Result<net::Response> { return make(); });
  if (made.ok()) return std::move(made).value();
  return fault_response(service, request, "an exception left a request", made.error());
}

}  // namespace kiln::api
