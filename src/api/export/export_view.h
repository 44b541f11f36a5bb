// The kick-off of $viewdefinition-export (operations.md §4.1).
#pragma once

#include <optional>
#include <string>

#include "api/access/access.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// At the instance level `id` is the view's.
net::Response export_views(const Service& service, const Access& access,
                           const net::Request& request, const std::optional<std::string>& id);

}  // namespace kiln::api
