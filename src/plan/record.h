// A plan as a text that outlives the process: what an export job is kept as.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "plan/plan.h"

namespace kiln::plan {

/// Everything but the rules and the data, which have a description of their own.
std::string write_record(const Plan& plan);

/// The plan again. What the record does not say is taken from `rest`: the rules, and in records of
/// older versions the rows of a part and the FHIR version. kInternal for a record that this version
/// does not understand: any guess would give another output. Queries are described by `runner`.
base::Result<PlanPtr> read_record(std::string_view text, const Draft& rest,
                                  dataset::SnapshotPtr data, const std::stop_token& stop,
                                  const sql::QueryRunner& runner = sql::local_runner(),
                                  const sql::QueryLimits& limits = {});

}  // namespace kiln::plan
