// In-memory DuckDB databases and connections to them. Internal to the library.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory_budget.h"
#include "sql/duckdb_api.h"

namespace kiln::sql {

struct InstanceOptions {
  unsigned threads = 1;                  ///< that work at once, one of them that of a caller
  uint64_t memory = 0;                   ///< most bytes; 0: what DuckDB takes for right
  std::string temp_dir;                  ///< where what has no room is put; "": nowhere
  uint64_t temp = 0;                     ///< most bytes of that; 0: unbounded
  base::CommonMemory* common = nullptr;  ///< where `memory` is drawn from; held by the instance
};

/// A database: its threads, its memory, its names. Thread-safe.
class Instance {
 public:
  /// Nothing is downloaded. kNoMemory if the common memory is not free.
  static base::Result<std::shared_ptr<Instance>> open(const InstanceOptions& options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  const DuckDbApi& api() const { return *api_; }
  duckdb_database database() const { return database_; }
  /// Whether a table of so many bytes may be made in it.
  bool has_room_for(uint64_t bytes) const {
    return spills_ && (most_memory_ == 0 || bytes <= most_memory_ / 2);
  }

 private:
  Instance(const DuckDbApi* api, const InstanceOptions& options)
      : api_(api), most_memory_(options.memory), spills_(!options.temp_dir.empty()) {}
  const DuckDbApi* api_;
  const uint64_t most_memory_;  ///< 0: what DuckDB takes for right
  const bool spills_;
  base::CommonMemory* memory_ = nullptr;  ///< once it is held
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
  /// The same; "", or what DuckDB says.
  std::string failure_of(const std::string& sql);
  const DuckDbApi& api() const { return instance_->api(); }
  const Instance& instance() const { return *instance_; }
  duckdb_connection connection() const { return connection_; }

 private:
  explicit Session(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::shared_ptr<Instance> instance_;
  duckdb_connection connection_ = nullptr;
};

/// A statement that lives as long as this, which its session outlives.
class PreparedStatement {
 public:
  PreparedStatement(const Session& session, const std::string& sql);
  ~PreparedStatement();
  PreparedStatement(const PreparedStatement&) = delete;
  PreparedStatement& operator=(const PreparedStatement&) = delete;

  /// Nothing but error() may be asked of one that is not.
  bool ok() const { return ok_; }
  duckdb_prepared_statement get() const { return statement_; }
  /// What DuckDB says is wrong with it.
  std::string error() const;
  /// Of a statement with one parameter: the one text that it gives for this one. Nothing if DuckDB
  /// failed.
  std::optional<std::string> text_for(std::string_view text) const;

 private:
  const DuckDbApi& api_;
  duckdb_prepared_statement statement_ = nullptr;
  bool ok_;
};

/// The bytes of a text or blob in a vector, to which they refer.
inline std::string_view bytes_of(const duckdb_string_t& text) {
  const uint32_t size = text.value.inlined.length;
  return {size <= sizeof(text.value.inlined.inlined) ? text.value.inlined.inlined
                                                     : text.value.pointer.ptr,
          size};
}

/// 'text' with quotes doubled.
std::string quote_literal(std::string_view text);
/// "name" with quotes doubled.
std::string quote_name(std::string_view name);

}  // namespace kiln::sql
