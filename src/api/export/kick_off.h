// What an export was asked for, as far as the request alone can tell (operations.md §4.1).
#pragma once

#include <optional>
#include <string>

#include "api/access/access.h"
#include "api/input/common_parameters.h"
#include "api/input/operation_family.h"

namespace kiln::api {

/// On its way from the parameters to a job.
struct KickOff {
  Issues issues;
  plan::Draft draft;
  job::Submission submission;
};

/// `id` is that of the published artefact that the URL names. Everything that is wrong is among the
/// problems, each with its expression.
KickOff read_kick_off(const OperationFamily& family, const Service& service, const Access& access,
                      const net::Request& request, const std::optional<std::string>& id);

}  // namespace kiln::api
