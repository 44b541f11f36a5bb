// Why a view has got no resources.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "dataset/snapshot.h"

namespace kiln::engine {

/// A warning that says which sources were not looked into, and why. `wanted` tells those that were.
base::Error nothing_found(const std::string& type, const dataset::Snapshot& snapshot,
                          const std::vector<bool>& wanted);

}  // namespace kiln::engine
