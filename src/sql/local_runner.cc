#include "sql/prepared_query.h"
#include "sql/process_instance.h"
#include "sql/query_runner.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

base::Result<std::shared_ptr<Instance>> instance_for(const QueryLimits& limits) {
  if (auto instance = process_instance()) return instance;
  return open_query_instance(limits);
}

class LocalRunner final : public QueryRunner {
 public:
  base::Result<table::Schema> describe(const Query& query, const QueryLimits& limits,
                                       const std::stop_token&) const override {
    KILN_ASSIGN(auto instance, instance_for(limits));
    KILN_ASSIGN(const auto prepared,
                PreparedQuery::make(query, nullptr, table::Values::kText, std::move(instance)));
    return prepared->schema();
  }

  base::Result<uint64_t> run(const Query& query, const table::Schema&, Tables& tables,
                             const QueryLimits& limits, uint64_t limit, const std::stop_token& stop,
                             engine::Output& output) const override {
    KILN_ASSIGN(auto instance, instance_for(limits));
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
