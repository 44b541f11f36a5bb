// What is wanted of a view, as bytes. Internal to the library.
#pragma once

#include <optional>

#include "sql/worker/wire.h"
#include "table/condition.h"

namespace kiln::sql {

void write_wanted(const table::Wanted& wanted, WireWriter& out);
/// All that is left of `in`, which may be anything: nothing unless it is something that can be
/// wanted of a table of the schema.
std::optional<table::Wanted> read_wanted(WireReader& in, const table::Schema& schema);

}  // namespace kiln::sql
