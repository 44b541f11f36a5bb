// DuckDB binds a call (which columns there are), begins it (which are read), and then asks for
// chunk after chunk on the one thread that it has. No exception may pass through its frames.
#include "sql/view_function.h"

#include <algorithm>

#include "base/guarded.h"
#include "sql/logical_type.h"
#include "sql/vectors.h"

namespace kiln::sql {
namespace {

ViewFunctionState& state_of(void* extra) { return *static_cast<ViewFunctionState*>(extra); }

/// What one call in a statement comes to.
struct Reading {
  std::vector<size_t> vectors;  ///< of a chunk, those that get a column
  std::vector<size_t> places;   ///< of that column in the batches
  std::unique_ptr<Rows> rows;
  std::unique_ptr<engine::RowsPiece> piece;
  size_t done = 0;  ///< rows of the piece
};

template <typename T>
void destroy(void* owned) {
  delete static_cast<T*>(owned);
}

base::Status bind_call(const ViewFunctionState& state, duckdb_bind_info info) {
  const DuckDbApi& api = *state.api;
  duckdb_value argument = api.duckdb_bind_get_parameter(info, 0);
  const auto relation = static_cast<size_t>(api.duckdb_get_int64(argument));
  api.duckdb_destroy_value(&argument);
  const std::vector<Relation>& relations = state.query->relations;
  if (relation >= relations.size() || relations[relation].schema() == nullptr) {
    return base::Error(base::ErrorCode::kInternal, "no such view");
  }
  for (const table::Column& column : relations[relation].schema()->columns) {
    api.duckdb_bind_add_result_column(info, column.name.c_str(),
                                      LogicalType::of(api, column.type).get());
  }
  if (state.tables != nullptr) {
    const uint64_t rows = state.tables->expected_rows(relation);
    if (rows != 0) api.duckdb_bind_set_cardinality(info, rows, false);
  }
  api.duckdb_bind_set_bind_data(info, new size_t(relation), destroy<size_t>);
  return {};
}

base::Result<std::unique_ptr<Reading>> begin_reading(const ViewFunctionState& state,
                                                     duckdb_init_info info) {
  const DuckDbApi& api = *state.api;
  api.duckdb_init_set_max_threads(info, 1);
  const size_t relation = *static_cast<size_t*>(api.duckdb_init_get_bind_data(info));
  auto reading = std::make_unique<Reading>();
  if (state.tables == nullptr) return reading;
  const size_t width = state.query->relations[relation].schema()->columns.size();
  std::vector<size_t> read;
  for (idx_t i = 0; i < api.duckdb_init_get_column_count(info); ++i) {
    const idx_t column = api.duckdb_init_get_column_index(info, i);
    if (column >= width) continue;  // a row's number, where only rows are counted
    reading->vectors.push_back(i);
    read.push_back(column);
  }
  table::Wanted wanted{read};
  std::vector<size_t>& columns = wanted.columns;
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  for (const size_t column : read) {
    const auto at = std::lower_bound(columns.begin(), columns.end(), column);
    reading->places.push_back(static_cast<size_t>(at - columns.begin()));
  }
  if (relation < state.plan.readings.size()) {
    for (const table::Condition& condition : state.plan.readings[relation].conditions) {
      if (std::binary_search(columns.begin(), columns.end(), condition.column)) {
        wanted.conditions.push_back(condition);
      }
    }
  }
  KILN_ASSIGN(reading->rows, state.tables->open(relation, wanted));
  return reading;
}

base::Status fill_chunk(const DuckDbApi& api, Reading& reading, duckdb_data_chunk chunk) {
  while (reading.rows && (!reading.piece || reading.done == reading.piece->rows)) {
    reading.piece.reset();
    reading.done = 0;
    KILN_ASSIGN(reading.piece, reading.rows->next({}));
    if (!reading.piece) reading.rows.reset();
  }
  if (!reading.piece) {
    api.duckdb_data_chunk_set_size(chunk, 0);
    return {};
  }
  const engine::RowsPiece& piece = *reading.piece;
  const size_t count = std::min<size_t>(api.duckdb_vector_size(), piece.rows - reading.done);
  for (size_t i = 0; i < reading.vectors.size(); ++i) {
    duckdb_vector const vector = api.duckdb_data_chunk_get_vector(chunk, reading.vectors[i]);
    KILN_TRY(fill_vector(api, piece.batch->column(reading.places[i]), piece.begin + reading.done,
                         count, vector));
  }
  reading.done += count;
  api.duckdb_data_chunk_set_size(chunk, count);
  return {};
}

/// DuckDB gets a text; the error itself is kept.
std::string keep(ViewFunctionState& state, base::Error error) {
  std::string text = error.message();
  if (!state.failure) state.failure = std::move(error);
  return text;
}

void bind(duckdb_bind_info info) {
  const DuckDbApi& api = **duckdb_api();
  ViewFunctionState& state = state_of(api.duckdb_bind_get_extra_info(info));
  base::Status status = base::guarded([&] { return bind_call(state, info); });
  if (!status.ok()) {
    api.duckdb_bind_set_error(info, keep(state, std::move(status).error()).c_str());
  }
}

void init(duckdb_init_info info) {
  const DuckDbApi& api = **duckdb_api();
  ViewFunctionState& state = state_of(api.duckdb_init_get_extra_info(info));
  auto reading = base::guarded([&] { return begin_reading(state, info); });
  if (reading.ok()) {
    api.duckdb_init_set_init_data(info, reading->release(), destroy<Reading>);
  } else {
    api.duckdb_init_set_error(info, keep(state, std::move(reading).error()).c_str());
  }
}

void next_chunk(duckdb_function_info info, duckdb_data_chunk chunk) {
  const DuckDbApi& api = **duckdb_api();
  ViewFunctionState& state = state_of(api.duckdb_function_get_extra_info(info));
  Reading& reading = *static_cast<Reading*>(api.duckdb_function_get_init_data(info));
  base::Status status = base::guarded([&] { return fill_chunk(api, reading, chunk); });
  if (!status.ok()) {
    api.duckdb_function_set_error(info, keep(state, std::move(status).error()).c_str());
  }
}

}  // namespace

base::Status register_view_function(Session& session, ViewFunctionState& state) {
  const DuckDbApi& api = session.api();
  duckdb_table_function function = api.duckdb_create_table_function();
  api.duckdb_table_function_set_name(function, "kiln_view");
  const LogicalType number(api, api.duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  api.duckdb_table_function_add_parameter(function, number.get());
  api.duckdb_table_function_set_extra_info(function, &state, nullptr);
  api.duckdb_table_function_set_bind(function, bind);
  api.duckdb_table_function_set_init(function, init);
  api.duckdb_table_function_set_function(function, next_chunk);
  api.duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state registered =
      api.duckdb_register_table_function(session.connection(), function);
  api.duckdb_destroy_table_function(&function);
  if (registered == DuckDBSuccess) return {};
  return base::Error(base::ErrorCode::kInternal, "DuckDB: cannot register the views");
}

}  // namespace kiln::sql
