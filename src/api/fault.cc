#include "api/fault.h"

#include "api/problem.h"

namespace kiln::api {

net::Response fault_response(const Service& service, const net::Request& request,
                             std::string_view what, const base::Error& error) {
  service.log.error(what, {{"id", request.id}, {"error", error.to_string()}});
  return outcome_response(fault_of(error, request.id));
}

}  // namespace kiln::api
