#include "plan/query_subject.h"

namespace kiln::plan {

using base::ErrorCode;

void describe_query(Subject& subject, Problems& problems, const sql::QueryRunner& runner,
                    const sql::QueryLimits& limits, const std::stop_token& stop) {
  auto described = runner.describe(*subject.query, limits, stop);
  if (described.ok()) {
    subject.columns = std::make_shared<const table::Schema>(std::move(*described));
    return;
  }
  const ErrorCode code = described.error().code();
  const bool of_statement = code == ErrorCode::kInvalid || code == ErrorCode::kUnsupported;
  problems.add(of_statement ? ProblemCode::kInvalidQuery : ProblemCode::kUnavailableData,
               subject.place, std::move(described).error());
}

}  // namespace kiln::plan
