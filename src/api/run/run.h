// $viewdefinition-run, $sqlquery-run, $sql-run (operations.md §1, §2).
#pragma once

#include <optional>
#include <string>

#include "api/input/operation_family.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

/// At the instance level `id` is the subject's.
net::Response run(const OperationFamily& family, const Service& service,
                  const net::Request& request, const std::optional<std::string>& id);

}  // namespace kiln::api
