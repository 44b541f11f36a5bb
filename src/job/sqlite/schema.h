// The tables of the job database and their versions.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "job/sqlite/database.h"

namespace kiln::job {

/// Of the tables that this kiln works with; stands in the database's `user_version`.
inline constexpr int64_t kSchemaVersion = 6;
/// The oldest that can be brought up to date.
inline constexpr int64_t kOldestSchema = 3;

/// 0: an empty database.
base::Result<int64_t> version_of(Database& database);

/// kUnsupported for a version that is newer than ours, or too old; `path` is named.
base::Status check_version(int64_t version, const std::string& path);

/// From `version`, which check_version() has let pass, to ours: all steps in one transaction.
base::Status migrate(Database& database, int64_t version);

}  // namespace kiln::job
