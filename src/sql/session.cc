#include "sql/session.h"

namespace kiln::sql {

base::Result<std::shared_ptr<Instance>> Instance::open(const InstanceOptions& options) {
  KILN_ASSIGN(const DuckDbApi* const api, duckdb_api());
  std::shared_ptr<Instance> instance(new Instance(api, options));
  if (options.common != nullptr) {
    KILN_TRY(options.common->hold());
    instance->memory_ = options.common;
  }
  duckdb_config config = nullptr;
  if (api->duckdb_create_config(&config) == DuckDBError) {
    return base::Error(base::ErrorCode::kInternal, "DuckDB: no configuration");
  }
  const std::string thread_count = std::to_string(options.threads);
  const std::string most_memory = std::to_string(options.memory) + "B";
  const std::string most_temp = std::to_string(options.temp) + "B";
  const std::pair<const char*, const char*> settings[] = {
      {"threads", thread_count.c_str()},         {"temp_directory", options.temp_dir.c_str()},
      {"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"},
      {"preserve_insertion_order", "true"},
  };
  for (const auto& [name, value] : settings) api->duckdb_set_config(config, name, value);
  if (options.memory != 0) {
    api->duckdb_set_config(config, "memory_limit", most_memory.c_str());
  }
  if (options.temp != 0) {
    api->duckdb_set_config(config, "max_temp_directory_size", most_temp.c_str());
  }
  char* message = nullptr;
  const duckdb_state opened = api->duckdb_open_ext(nullptr, &instance->database_, config, &message);
  api->duckdb_destroy_config(&config);
  if (opened == DuckDBError) {
    base::Error error(base::ErrorCode::kInternal,
                      std::string("DuckDB: ") + (message == nullptr ? "cannot open" : message));
    api->duckdb_free(message);
    return error;
  }
  return instance;
}

Instance::~Instance() {
  if (database_ != nullptr) api_->duckdb_close(&database_);
  if (memory_ != nullptr) memory_->release();
}

base::Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<Instance> instance) {
  std::unique_ptr<Session> session(new Session(std::move(instance)));
  const Instance& of = *session->instance_;
  if (of.api().duckdb_connect(of.database(), &session->connection_) == DuckDBError) {
    return base::Error(base::ErrorCode::kInternal, "DuckDB: cannot connect");
  }
  return session;
}

Session::~Session() {
  if (connection_ != nullptr) api().duckdb_disconnect(&connection_);
}

std::string Session::failure_of(const std::string& sql) {
  duckdb_result result{};
  std::string failure;
  if (api().duckdb_query(connection_, sql.c_str(), &result) == DuckDBError) {
    const char* const message = api().duckdb_result_error(&result);
    failure = message == nullptr ? "failed" : message;
  }
  api().duckdb_destroy_result(&result);
  return failure;
}

base::Status Session::execute(const std::string& sql) {
  const std::string failure = failure_of(sql);
  if (failure.empty()) return {};
  if (failure.starts_with("Out of Memory")) {
    return base::Error(base::ErrorCode::kLimit,
                       "writing Parquet needs more memory than --memory-limit allows");
  }
  return base::Error(base::ErrorCode::kIo, "DuckDB: " + failure);
}

PreparedStatement::PreparedStatement(const Session& session, const std::string& sql)
    : api_(session.api()),
      ok_(api_.duckdb_prepare(session.connection(), sql.c_str(), &statement_) == DuckDBSuccess) {}

PreparedStatement::~PreparedStatement() { api_.duckdb_destroy_prepare(&statement_); }

std::string PreparedStatement::error() const {
  const char* const text = api_.duckdb_prepare_error(statement_);
  return text == nullptr ? "cannot be prepared" : text;
}

namespace {

std::string enclosed(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  result += quote;
  return result;
}

}  // namespace

std::optional<std::string> PreparedStatement::text_for(std::string_view text) const {
  if (api_.duckdb_bind_varchar_length(statement_, 1, text.data(), text.size()) == DuckDBError) {
    return std::nullopt;
  }
  std::optional<std::string> value;
  duckdb_result result{};
  duckdb_data_chunk chunk = nullptr;
  if (api_.duckdb_execute_prepared(statement_, &result) == DuckDBSuccess) {
    chunk = api_.duckdb_fetch_chunk(result);
  }
  if (chunk != nullptr) {
    duckdb_vector vector = api_.duckdb_data_chunk_get_vector(chunk, 0);
    const uint64_t* const validity = api_.duckdb_vector_get_validity(vector);
    if (api_.duckdb_data_chunk_get_size(chunk) == 1 &&
        (validity == nullptr || (validity[0] & 1) != 0)) {
      value.emplace(
          bytes_of(*static_cast<const duckdb_string_t*>(api_.duckdb_vector_get_data(vector))));
    }
    api_.duckdb_destroy_data_chunk(&chunk);
  }
  api_.duckdb_destroy_result(&result);
  api_.duckdb_clear_bindings(statement_);
  return value;
}

std::string quote_literal(std::string_view text) { return enclosed(text, '\''); }
std::string quote_name(std::string_view name) { return enclosed(name, '"'); }

}  // namespace kiln::sql
