#include "sql/process_instance.h"

#include "base/sanitizer.h"
#include "sql/prepared_query.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

/// Never closed, as the parser in it is not.
std::shared_ptr<Instance>& kept_instance() {
  static auto* const kInstance = new std::shared_ptr<Instance>;
  return *kInstance;
}

}  // namespace

base::Status open_process_instance(const QueryLimits& limits) {
  // LeakSanitizer does not look into DuckDB's memory, and would tell of all that it holds.
  if (base::kSanitized) return {};
  KILN_ASSIGN(kept_instance(), open_query_instance(limits));
  return {};
}

std::shared_ptr<Instance> process_instance() { return kept_instance(); }

}  // namespace kiln::sql
