// A query in a DuckDB of its own, from its columns to its rows.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/output.h"
#include "sql/query_runner.h"

namespace kiln::sql {

class Instance;

/// A DuckDB for one query, with the limits of `limits`. To open it reads files of the system's; to
/// use it reads none.
base::Result<std::shared_ptr<Instance>> open_query_instance(const QueryLimits& limits);

/// One thread at a time, but for the stop.
class PreparedQuery {
 public:
  /// Binds the statement to its relations: what is wrong with it has its position in the
  /// statement's source (kInvalid), a column that no format has is kUnsupported. `query`
  /// must outlive it, and `tables`, null if the query is only to be described. `values`: what run()
  /// makes.
  static base::Result<std::unique_ptr<PreparedQuery>> make(const Query& query, Tables* tables,
                                                           table::Values values,
                                                           std::shared_ptr<Instance> instance);
  ~PreparedQuery();

  const table::Schema& schema() const { return schema_; }

  /// At most `limit` rows to `output`, which is finished if all went well, in the order that the
  /// query gives. The first ones leave as soon as DuckDB gives them. How many there were. An error
  /// in a view is the view's own; kCancelled soon after a stop; kLimit for want of memory.
  base::Result<uint64_t> run(engine::Output& output, uint64_t limit, const std::stop_token& stop);

 private:
  PreparedQuery();
  struct Parts;
  table::Schema schema_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kiln::sql
