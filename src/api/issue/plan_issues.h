// What stands in the way of a plan, told over HTTP.
#pragma once

#include "api/issue/issue.h"
#include "api/service.h"
#include "net/http.h"
#include "plan/problem.h"

namespace kiln::api {

/// Adds the errors to what is wrong with the request; warnings are for authors, not for clients.
void add_issues(const plan::Problems& found, const Service& service, const net::Request& request,
                Issues& issues);

}  // namespace kiln::api
