#include "sql/prepared_query.h"
#include "sql/query_runner.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

class LocalRunner final : public QueryRunner {
 public:
  base::Result<table::Schema> describe(const Query& query, const QueryLimits& limits,
                                       const std::stop_token&) const override {
    KILN_ASSIGN(auto instance, open_query_instance(limits));
    KILN_ASSIGN(const auto prepared,
                PreparedQuery::make(query, nullptr, table::Values::kText, std::move(instance)));
    return prepared->schema();
  }

  base::Result<uint64_t> run(const Query& query, const table::Schema&, Tables& tables,
                             const QueryLimits& limits, uint64_t limit, const std::stop_token& stop,
                             engine::Output& output) const override {
    KILN_ASSIGN(auto instance, open_query_instance(limits));
    KILN_ASSIGN(const auto prepared,
                PreparedQuery::make(query, &tables, output.values(), std::move(instance)));
    return prepared->run(output, limit, stop);
  }
};

}  // namespace

const QueryRunner& local_runner() {
  static const LocalRunner kRunner;
  return kRunner;
}

}  // namespace kiln::sql
