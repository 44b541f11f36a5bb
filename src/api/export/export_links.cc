#include "api/export/export_links.h"

#include "api/export/parameters_writer.h"

namespace kiln::api {

std::string list_url(const Service& service) { return service.options.base_url + "/export"; }

std::string status_url(const Service& service, const job::JobId& id) {
  return list_url(service) + "/" + id.text;
}

std::string result_url(const Service& service, const job::JobId& id) {
  return status_url(service, id) + "/result";
}

std::string file_url(const Service& service, const job::JobId& id, std::string_view file) {
  return status_url(service, id) + "/files/" + net::percent_encode(file);
}

net::Response accepted_response(const Service& service, const job::JobId& id,
                                const std::string& tracking_id) {
  ParametersWriter body;
  body.text("exportId", id.text).code("status", "accepted");
  body.uri("location", status_url(service, id));
  if (!tracking_id.empty()) body.text("clientTrackingId", tracking_id);
  net::Response response = parameters_response(202, std::move(body));
  response.headers.add("Content-Location", status_url(service, id));
  return response;
}

}  // namespace kiln::api
