// The kick-off of $viewdefinition-export, $sqlquery-export, $sql-export (operations.md §4.1).
#pragma once

#include <optional>
#include <string>

#include "api/access/access.h"
#include "api/input/operation_family.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// At the instance level `id` is the subject's.
net::Response start_export(const OperationFamily& family, const Service& service,
                           const Access& access, const net::Request& request,
                           const std::optional<std::string>& id);

}  // namespace kiln::api
