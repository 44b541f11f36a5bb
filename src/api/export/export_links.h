// URLs of a job and the answers that only carry them.
#pragma once

#include <string>

#include "api/service.h"
#include "job/job.h"
#include "net/http.h"

namespace kiln::api {

std::string list_url(const Service& service);
std::string status_url(const Service& service, const job::JobId& id);
std::string result_url(const Service& service, const job::JobId& id);
std::string file_url(const Service& service, const job::JobId& id, std::string_view file);

/// 202 with Content-Location, to a kick-off.
net::Response accepted_response(const Service& service, const job::JobId& id,
                                const std::string& tracking_id);

}  // namespace kiln::api
