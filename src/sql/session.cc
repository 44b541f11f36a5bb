#include "sql/session.h"

namespace kiln::sql {

base::Result<std::shared_ptr<Instance>> Instance::open(unsigned threads, uint64_t memory_limit) {
  KILN_ASSIGN(const DuckDbApi* const api, duckdb_api());
  std::shared_ptr<Instance> instance(new Instance(api));
  duckdb_config config = nullptr;
  if (api->duckdb_create_config(&config) == DuckDBError) {
    return base::Error(base::ErrorCode::kInternal, "DuckDB: no configuration");
  }
  const std::string thread_count = std::to_string(threads);
  const std::pair<const char*, const char*> settings[] = {
      {"threads", thread_count.c_str()},         {"temp_directory", ""},
      {"autoinstall_known_extensions", "false"}, {"autoload_known_extensions", "false"},
      {"preserve_insertion_order", "true"},
  };
  for (const auto& [name, value] : settings) api->duckdb_set_config(config, name, value);
  const std::string most = std::to_string(memory_limit) + "B";
  if (memory_limit != 0) api->duckdb_set_config(config, "memory_limit", most.c_str());
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

base::Status Session::execute(const std::string& sql) {
  duckdb_result result{};
  const duckdb_state state = api().duckdb_query(connection_, sql.c_str(), &result);
  base::Status status;
  if (state == DuckDBError) {
    const char* const message = api().duckdb_result_error(&result);
    const std::string_view text = message == nullptr ? "failed" : message;
    status = text.starts_with("Out of Memory")
                 ? base::Error(base::ErrorCode::kLimit,
                               "writing Parquet needs more memory than --memory-limit allows")
                 : base::Error(base::ErrorCode::kIo, "DuckDB: " + std::string(text));
  }
  api().duckdb_destroy_result(&result);
  return status;
}

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace kiln::sql
