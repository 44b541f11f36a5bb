// Each relation is a DuckDB view in the schema `r`, under its number; each statement has a schema
// of its own, `l0`, `l1`, ..., with its labels as views of those. The statement's text is given as
// it was written, but for its tables, which get their schema before them, and its placeholders.
#include "sql/prepared_query.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/guarded.h"
#include "base/near_name.h"
#include "sql/duckdb_error.h"
#include "sql/logical_type.h"
#include "sql/plan.h"
#include "sql/result_column.h"
#include "sql/session.h"
#include "sql/view_function.h"

namespace kiln::sql {
namespace {

/// Rows that are encoded together, once there have been some.
constexpr size_t kMostRows = 16'384;

std::string relation_name(size_t index) { return "r." + quote_name(std::to_string(index)); }
std::string schema_name(size_t statement) { return "l" + std::to_string(statement); }

/// Of a scalar; VARCHAR for what the statement leaves open.
std::string name_of_type(const LogicalType& type) {
  switch (type.id()) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return "BIGINT";
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_DECIMAL:
      return "DECIMAL(38,9)";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMPTZ";
    default:
      return "VARCHAR";
  }
}

/// The chunks of a result, those that are being encoded still there.
class Chunks {
 public:
  explicit Chunks(const DuckDbApi& api) : api_(api) {}
  ~Chunks() {
    clear();
    api_.duckdb_destroy_result(&result_);
  }
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;

  bool begin(duckdb_prepared_statement statement) {
    return api_.duckdb_execute_prepared_streaming(statement, &result_) == DuckDBSuccess;
  }
  /// Null at the end and after an error.
  duckdb_data_chunk next() {
    duckdb_data_chunk chunk = api_.duckdb_fetch_chunk(result_);
    if (chunk != nullptr) kept_.push_back(chunk);
    return chunk;
  }
  /// "" if there was none.
  std::string error() {
    const char* const text = api_.duckdb_result_error(&result_);
    return text == nullptr ? "" : text;
  }
  void clear() {
    for (duckdb_data_chunk& chunk : kept_) api_.duckdb_destroy_data_chunk(&chunk);
    kept_.clear();
  }

 private:
  const DuckDbApi& api_;
  duckdb_result result_{};
  std::vector<duckdb_data_chunk> kept_;
};

}  // namespace

struct PreparedQuery::Parts {
  const Query* query = nullptr;
  ViewFunctionState views;
  std::unique_ptr<Session> session;
  std::unique_ptr<PreparedStatement> prepared;
  std::map<std::string, std::string, std::less<>> types;  ///< of the values
  std::vector<ResultColumn> columns;
  table::Values values = table::Values::kText;

  base::Status open(std::shared_ptr<Instance> instance);
  base::Status set_up();
  base::Status create_relations();
  base::Status create_labels(size_t statement, const std::vector<Label>& labels);
  base::Status prepare();
  base::Status infer_types();
  base::Status bind_values();
  base::Status describe(table::Schema& schema);
  /// What DuckDB said, or the failure of a view that it stands for.
  base::Error error_of(const std::string& message, const Statement& statement,
                       const std::vector<Label>& labels, const Rewritten& rewritten);
  /// Of all tables that the labels name.
  std::vector<std::string> column_names(const std::vector<Label>& labels);
  /// As DuckDB prepares it; with the values in place of their names if `literals`.
  Rewritten rewritten(bool literals = false) const;
  base::Status read_plan();
  base::Status start_again();
  base::Status share_readings(uint64_t limit);
  base::Status keep(size_t relation);
};

base::Result<std::shared_ptr<Instance>> open_query_instance(const QueryLimits& limits) {
  return Instance::open({1, limits.memory, limits.temp_dir, limits.temp});
}

base::Status PreparedQuery::Parts::open(std::shared_ptr<Instance> instance) {
  views.api = &instance->api();
  KILN_ASSIGN(session, Session::open(std::move(instance)));
  for (const char* const setting : {"SET TimeZone = 'UTC'", "SET errors_as_json = true",
                                    "SET enable_external_access = false"}) {
    KILN_TRY(session->execute(setting));
  }
  // Who only asks for the columns has nothing computed.
  if (views.tables == nullptr) KILN_TRY(session->execute("PRAGMA disable_optimizer"));
  return {};
}

/// In one transaction, which ends with the session: nothing of the query stays, and now() is one
/// time in all plans of it.
base::Status PreparedQuery::Parts::set_up() {
  KILN_TRY(session->execute("BEGIN"));
  KILN_TRY(register_view_function(*session, views));
  KILN_TRY(create_relations());
  return prepare();
}

base::Status PreparedQuery::Parts::create_relations() {
  KILN_TRY(session->execute("CREATE SCHEMA r"));
  for (size_t i = 0; i < query->relations.size(); ++i) {
    const Relation& relation = query->relations[i];
    const std::string head = "CREATE VIEW " + relation_name(i) + " AS ";
    if (relation.schema() != nullptr) {
      const std::string failure =
          session->failure_of(head + "SELECT * FROM kiln_view(" + std::to_string(i) + ")");
      if (!failure.empty()) return read_duckdb_error(failure).error.in(relation.name);
      continue;
    }
    KILN_TRY(create_labels(i, relation.labels));
    const Statement& statement = *relation.statement;
    const Rewritten text = statement.for_duckdb(schema_name(i), {});
    const std::string failure = session->failure_of(head + text.sql);
    if (failure.empty()) continue;
    return error_of(failure, statement, relation.labels, text.behind(head.size()))
        .in(relation.name);
  }
  return {};
}

base::Status PreparedQuery::Parts::create_labels(size_t statement,
                                                 const std::vector<Label>& labels) {
  KILN_TRY(session->execute("CREATE SCHEMA " + schema_name(statement)));
  for (const Label& label : labels) {
    KILN_TRY(session->execute("CREATE VIEW " + schema_name(statement) + "." +
                              quote_name(label.name) + " AS SELECT * FROM " +
                              relation_name(label.relation)));
  }
  return {};
}

Rewritten PreparedQuery::Parts::rewritten(bool literals) const {
  const auto type_of = [this](std::string_view name) -> std::string {
    const auto type = types.find(name);
    return type == types.end() ? "" : type->second;
  };
  const auto literal_of = [this](std::string_view name) -> std::string {
    for (const Binding& binding : query->bindings) {
      if (binding.name == name && binding.value) return quote_literal(*binding.value);
    }
    return "NULL";
  };
  return query->statement.for_duckdb(schema_name(query->relations.size()), type_of,
                                     literals ? OfName(literal_of) : OfName());
}

/// Values that nobody has declared are of the type that the statement wants at their place.
base::Status PreparedQuery::Parts::infer_types() {
  const DuckDbApi& api = session->api();
  for (const Binding& binding : query->bindings) {
    if (!binding.type.empty()) types[binding.name] = binding.type;
  }
  if (types.size() == query->bindings.size()) return {};
  const Rewritten text = rewritten();
  const PreparedStatement open(*session, text.sql);
  if (!open.ok()) return error_of(open.error(), query->statement, query->labels, text);
  for (const Binding& binding : query->bindings) {
    idx_t index = 0;
    if (api.duckdb_bind_parameter_index(open.get(), &index, binding.name.c_str()) == DuckDBError) {
      continue;
    }
    types.try_emplace(binding.name, name_of_type(LogicalType(
                                        api, api.duckdb_param_logical_type(open.get(), index))));
  }
  return {};
}

base::Status PreparedQuery::Parts::prepare() {
  KILN_TRY(create_labels(query->relations.size(), query->labels));
  KILN_TRY(infer_types());
  const Rewritten text = rewritten();
  prepared = std::make_unique<PreparedStatement>(*session, text.sql);
  if (!prepared->ok()) return error_of(prepared->error(), query->statement, query->labels, text);
  return bind_values();
}

base::Status PreparedQuery::Parts::bind_values() {
  const DuckDbApi& api = session->api();
  for (const Binding& binding : query->bindings) {
    idx_t index = 0;
    if (api.duckdb_bind_parameter_index(prepared->get(), &index, binding.name.c_str()) ==
        DuckDBError) {
      continue;  // declared, but not in the statement
    }
    const duckdb_state bound =
        binding.value ? api.duckdb_bind_varchar_length(prepared->get(), index,
                                                       binding.value->data(), binding.value->size())
                      : api.duckdb_bind_null(prepared->get(), index);
    if (bound == DuckDBError) {
      return base::Error(base::ErrorCode::kUsage, "no value for the parameter: " + binding.name);
    }
  }
  return {};
}

/// What the statement's plan wants of the views is what is wanted of the engine.
base::Status PreparedQuery::Parts::read_plan() {
  static constexpr size_t kMostText = 64 << 10;
  const bool reads_views =
      std::any_of(query->relations.begin(), query->relations.end(),
                  [](const Relation& relation) { return relation.schema() != nullptr; });
  const std::string text = rewritten(true).sql;
  if (!reads_views || text.size() > kMostText) return {};
  const PreparedStatement serialize(
      *session,
      "SELECT json_serialize_plan($1::VARCHAR, optimize := true, skip_null := true, "
      "skip_empty := true)");
  std::optional<std::string> plan = serialize.ok() ? serialize.text_for(text) : std::nullopt;
  if (plan) {
    views.plan = sql::read_plan(*std::move(plan), query->relations);
    return {};
  }
  return start_again();  // DuckDB could not write it, for want of memory perhaps
}

/// After a failure that is none of the query: it has broken the transaction.
base::Status PreparedQuery::Parts::start_again() {
  prepared.reset();
  KILN_TRY(session->execute("ROLLBACK"));
  return set_up();
}

/// A view that would be read more than once is read once, into a table, where there is room and
/// nobody may want its first rows alone.
base::Status PreparedQuery::Parts::share_readings(uint64_t limit) {
  static constexpr uint64_t kCell = 32;  // bytes, about
  if (views.plan.may_stop || limit != UINT64_MAX) return {};
  bool shared = false;
  for (size_t i = 0; i < views.plan.readings.size(); ++i) {
    const PlannedReadings& readings = views.plan.readings[i];
    if (readings.count < 2) continue;
    const uint64_t width = std::max<uint64_t>(1, readings.columns.size());
    if (!session->instance().has_room_for(views.tables->expected_rows(i) * width * kCell)) continue;
    base::Status kept = keep(i);
    if (!kept.ok()) {
      // The room was too small after all: each reading is a scan.
      const base::ErrorCode code = kept.error().code();
      if (code == base::ErrorCode::kLimit || code == base::ErrorCode::kIo) return start_again();
      return kept;
    }
    shared = true;
  }
  if (!shared) return {};
  prepared = std::make_unique<PreparedStatement>(*session, rewritten().sql);
  if (!prepared->ok()) {
    return base::Error(base::ErrorCode::kInternal, "DuckDB: " + prepared->error());
  }
  return bind_values();
}

/// The relation's rows as they are wanted now, for all who read it. What nobody reads is NULL.
base::Status PreparedQuery::Parts::keep(size_t relation) {
  const table::Schema& schema = *query->relations[relation].schema();
  const std::set<size_t>& wanted = views.plan.readings[relation].columns;
  std::string kept;
  std::string all;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const std::string name = quote_name(schema.columns[i].name);
    const bool is_wanted = wanted.contains(i);
    if (is_wanted) kept += (kept.empty() ? "" : ", ") + name;
    if (i != 0) all += ", ";
    all += is_wanted ? name : "NULL::" + duckdb_name(schema.columns[i].type) + " AS " + name;
  }
  if (kept.empty()) kept = "0 AS row";
  const std::string number = std::to_string(relation);
  for (const std::string& statement : {"CREATE TEMP TABLE kept_" + number + " AS SELECT " + kept +
                                           " FROM kiln_view(" + number + ")",
                                       "CREATE OR REPLACE VIEW " + relation_name(relation) +
                                           " AS SELECT " + all + " FROM temp.kept_" + number}) {
    const std::string failure = session->failure_of(statement);
    if (failure.empty()) continue;
    if (!views.failure) return read_duckdb_error(failure).error;
    // Whatever its code is, it is no want of room.
    return base::Error(base::ErrorCode::kInvalid, "a view has failed");
  }
  return {};
}

base::Status PreparedQuery::Parts::describe(table::Schema& schema) {
  const DuckDbApi& api = session->api();
  const idx_t count = api.duckdb_prepared_statement_column_count(prepared->get());
  for (idx_t i = 0; i < count; ++i) {
    const char* const name = api.duckdb_prepared_statement_column_name(prepared->get(), i);
    std::string text = name == nullptr ? "" : name;
    api.duckdb_free(const_cast<char*>(name));
    KILN_ASSIGN(
        ResultColumn column,
        ResultColumn::make(
            api, std::move(text),
            {api, api.duckdb_prepared_statement_column_logical_type(prepared->get(), i)}, values));
    schema.columns.push_back(column.column());
    columns.push_back(std::move(column));
  }
  return {};
}

std::vector<std::string> PreparedQuery::Parts::column_names(const std::vector<Label>& labels) {
  const DuckDbApi& api = session->api();
  std::vector<std::string> names;
  for (const Label& label : labels) {
    const PreparedStatement all(*session, "SELECT * FROM " + relation_name(label.relation));
    if (!all.ok()) continue;
    const idx_t count = api.duckdb_prepared_statement_column_count(all.get());
    for (idx_t i = 0; i < count; ++i) {
      const char* const name = api.duckdb_prepared_statement_column_name(all.get(), i);
      if (name != nullptr) names.emplace_back(name);
      api.duckdb_free(const_cast<char*>(name));
    }
  }
  return names;
}

base::Error PreparedQuery::Parts::error_of(const std::string& message, const Statement& statement,
                                           const std::vector<Label>& labels,
                                           const Rewritten& rewritten) {
  if (views.failure) return std::move(*std::exchange(views.failure, std::nullopt));
  DuckDbError error = read_duckdb_error(message);
  if (!error.missing_column.empty()) {
    const std::vector<std::string> names = column_names(labels);
    error.error = std::move(error.error)
                      .with_suggestion(
                          base::nearest_name(error.missing_column, {names.begin(), names.end()}));
  }
  if (!error.position) {
    return error.error.code() == base::ErrorCode::kInvalid
               ? std::move(error.error).at({statement.source()})
               : std::move(error.error);
  }
  return statement.at(rewritten.offset_of(*error.position), std::move(error.error));
}

PreparedQuery::PreparedQuery() : parts_(std::make_unique<Parts>()) {}
PreparedQuery::~PreparedQuery() = default;

base::Result<std::unique_ptr<PreparedQuery>> PreparedQuery::make(
    const Query& query, Tables* tables, table::Values values, std::shared_ptr<Instance> instance) {
  std::unique_ptr<PreparedQuery> made(new PreparedQuery);
  Parts& parts = *made->parts_;
  parts.query = &query;
  parts.values = values;
  parts.views.query = &query;
  parts.views.tables = tables;
  KILN_TRY(parts.open(std::move(instance)));
  KILN_TRY(parts.set_up());
  KILN_TRY(parts.describe(made->schema_));
  return made;
}

base::Result<uint64_t> PreparedQuery::run(engine::Output& output, uint64_t limit,
                                          const std::stop_token& stop) {
  Parts& parts = *parts_;
  const DuckDbApi& api = parts.session->api();
  const auto interrupt = [&] { api.duckdb_interrupt(parts.session->connection()); };
  const std::stop_callback on_stop(stop, interrupt);
  const auto failed = [&](const std::string& message) {
    if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
    return parts.error_of(message, parts.query->statement, parts.query->labels, parts.rewritten());
  };
  if (stop.stop_requested()) return failed("");
  base::Status planned = parts.read_plan();
  if (planned.ok()) planned = parts.share_readings(limit);
  if (stop.stop_requested()) return failed("");
  if (parts.views.failure) return failed("");
  if (!planned.ok()) return std::move(planned).error();
  Chunks chunks(api);
  if (!chunks.begin(parts.prepared->get())) return failed(chunks.error());
  table::Batch batch(schema_, parts.values);
  std::vector<table::Cell> row(schema_.columns.size());
  uint64_t written = 0;
  size_t together = 1;  // the first rows leave alone
  bool more = true;
  while (more && written < limit) {
    while (batch.rows() < together) {
      duckdb_data_chunk const chunk = chunks.next();
      more = chunk != nullptr;
      if (!more) break;
      for (size_t i = 0; i < row.size(); ++i) {
        parts.columns[i].take(api.duckdb_data_chunk_get_vector(chunk, i));
      }
      const idx_t rows = api.duckdb_data_chunk_get_size(chunk);
      for (idx_t at = 0; at < rows; ++at) {
        for (size_t i = 0; i < row.size(); ++i) {
          KILN_TRY(parts.columns[i].read(at, batch.texts(), row[i]));
        }
        batch.append_cells(0, row.size(), row.data());
        batch.finish_row();
      }
    }
    if (!more) {
      const std::string error = chunks.error();
      if (!error.empty() || stop.stop_requested()) return failed(error);
    }
    if (batch.rows() == 0) continue;
    const uint64_t rows = std::min<uint64_t>(batch.rows(), limit - written);
    KILN_ASSIGN(std::unique_ptr<engine::Piece> piece, output.encode(batch));
    batch.clear();
    chunks.clear();
    KILN_TRY(output.write(std::move(piece), limit - written));
    written += rows;
    together = std::min(kMostRows, together * 8);
  }
  if (stop.stop_requested()) return failed("");
  KILN_TRY(output.finish());
  return written;
}

}  // namespace kiln::sql
