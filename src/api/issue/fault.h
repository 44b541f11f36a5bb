// Failures that are the server's own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/issue/issue.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// 500, or 503 for what may work later; `what` and the error go to the log only, where the
/// request's id, which the answer names, finds them.
net::Response fault_response(const Service& service, const net::Request& request,
                             std::string_view what, const base::Error& error);
/// What an evaluation's error is to the client; the log is told of it where it is the server's. A
/// stop is nobody's.
Issue logged_issue(const Service& service, const std::string& request_id, std::string_view what,
                   const base::Error& error, std::string expression);
/// What `make` gives, or the answer to an exception that leaves it: no memory, most likely.
net::Response guarded(const Service& service, const net::Request& request,
                      const std::function<net::Response()>& make);

}  // namespace kiln::api
