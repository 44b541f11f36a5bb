// In-memory DuckDB databases and connections to them. Internal to the library.
#pragma once

#include <memory>
#include <string>

#include "sql/duckdb_api.h"

namespace kiln::sql {

/// A database: its threads, its memory, its names. Thread-safe.
class Instance {
 public:
  /// At most `threads` work at once, one of them that of a caller, with at most `memory_limit`
  /// bytes (0: what DuckDB takes for right). Nothing is downloaded, nothing is kept on disk.
  static base::Result<std::shared_ptr<Instance>> open(unsigned threads, uint64_t memory_limit = 0);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const DuckDbApi& api() const { return *api_; }
  duckdb_database database() const { return database_; }

 private:
  explicit Instance(const DuckDbApi* api) : api_(api) {}
  const DuckDbApi* api_;
  duckdb_database database_ = nullptr;
};

/// A connection. One thread at a time.
class Session {
 public:
  static base::Result<std::unique_ptr<Session>> open(std::shared_ptr<Instance> instance);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs a statement for its effect.
  base::Status execute(const std::string& sql);
  const DuckDbApi& api() const { return instance_->api(); }
  duckdb_connection connection() const { return connection_; }

 private:
  explicit Session(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::shared_ptr<Instance> instance_;
  duckdb_connection connection_ = nullptr;
};

/// 'text' with quotes doubled.
std::string quote_literal(std::string_view text);

}  // namespace kiln::sql
