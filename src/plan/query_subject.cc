#include "plan/query_subject.h"

#include "sql/prepared_query.h"

namespace kiln::plan {

using base::ErrorCode;

void describe_query(Subject& subject, Problems& problems) {
  auto described = sql::PreparedQuery::make(subject.query, nullptr, table::Values::kText, {});
  if (described.ok()) {
    subject.columns = std::make_shared<const table::Schema>((*described)->schema());
    return;
  }
  const ErrorCode code = described.error().code();
  const bool of_statement = code == ErrorCode::kInvalid || code == ErrorCode::kUnsupported;
  problems.add(of_statement ? ProblemCode::kInvalidQuery : ProblemCode::kUnavailableData,
               subject.place, std::move(described).error());
}

}  // namespace kiln::plan
