// Failures that are the server's own.
#pragma once

#include <string_view>

#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// 500, or 503 for what may work later; `what` and the error go to the log only, where the
/// request's id, which the answer names, finds them.
net::Response fault_response(const Service& service, const net::Request& request,
                             std::string_view what, const base::Error& error);

}  // namespace kiln::api
