// $viewdefinition-run (operations.md §1, §2).
#pragma once

#include <optional>
#include <string>

#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// At the instance level `id` is the view's.
net::Response run_view(const Service& service, const net::Request& request,
                       const std::optional<std::string>& id);

}  // namespace kiln::api
