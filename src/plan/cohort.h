// From patients and groups as they were asked for to the patients whose compartments are meant.
#pragma once

#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/pipeline.h"

namespace kiln::plan {

struct Cohort {
  std::unordered_set<std::string> patients;   ///< ids
  std::vector<std::string> unknown_patients;  ///< as they were given
  std::vector<std::string> unknown_groups;
};

/// Looks the patients up and follows the groups, and groups in them, to their members: those that
/// are not inactive (operations.md §7). References are "Patient/1" or "1"; any other is unknown.
/// Reads the Patient and Group resources of the snapshot through the pipeline.
base::Result<Cohort> find_cohort(const dataset::Snapshot& snapshot,
                                 const std::vector<std::string>& patients,
                                 const std::vector<std::string>& groups,
                                 const engine::Options& options, std::stop_token stop);

}  // namespace kiln::plan
