// One in-memory DuckDB database and a connection to it. Internal to the library.
#pragma once

#include <memory>
#include <string>

#include "sql/duckdb_api.h"

namespace kiln::sql {

class Session {
 public:
  /// `threads` of DuckDB's own, and at most `memory_limit` bytes (0: what DuckDB takes for right).
  /// Nothing is downloaded, nothing is kept on disk.
  static base::Result<std::unique_ptr<Session>> open(int threads, uint64_t memory_limit = 0);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs a statement for its effect.
  base::Status execute(const std::string& sql);
  /// Makes a running execute() fail soon. May be called from another thread.
  void interrupt();

  const DuckDbApi& api() const { return *api_; }
  duckdb_connection connection() const { return connection_; }

 private:
  explicit Session(const DuckDbApi* api) : api_(api) {}
  const DuckDbApi* api_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

/// 'text' with quotes doubled.
std::string quote_literal(std::string_view text);

}  // namespace kiln::sql
