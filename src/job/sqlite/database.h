// A narrow door to SQLite: statements with bound values, transactions. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kiln::job {

class PreparedStatements;

/// A prepared statement that is being bound, then stepped through. What it has begun ends with it.
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  /// Values are bound in the order of the placeholders.
  Statement& bind(std::string_view text);
  Statement& bind(int64_t number);
  /// True if there is a row; false at the end.
  base::Result<bool> step();
  /// Runs to the end.
  base::Status run();

  std::string text(int column) const;
  int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(PreparedStatements& home, sqlite3_stmt* statement)
      : home_(home), statement_(statement) {}
  PreparedStatements& home_;  ///< takes it back for the next that is prepared from the same text
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

/// How much a commit survives.
enum class Durability : uint8_t {
  kMachineCrash,  ///< synchronous=FULL
  kProcessCrash,  ///< synchronous=OFF, for tests: nothing is synced
};

/// How other processes may use the file meanwhile.
enum class Locking : uint8_t {
  kShared,
  kExclusive,  ///< not at all; needs no file for shared memory, and so no room for one
};

/// Outlives its statements.
class Database {
 public:
  /// In WAL mode. kUnavailable if it may work later (locked, disk full), kInvalid if the file is no
  /// database or a broken one, else kIo.
  static base::Result<Database> open(const std::string& path, Durability durability,
                                     Locking locking = Locking::kShared);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;

  /// One or more statements without values.
  base::Status execute(const char* sql);
  base::Result<Statement> prepare(std::string_view sql);
  /// Rows that the last statement changed.
  int64_t changes() const;

 private:
  explicit Database(sqlite3* handle);
  sqlite3* handle_;
  std::unique_ptr<PreparedStatements> prepared_;
};

/// Rolls back unless commit() was called and succeeded.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  base::Status begin();
  base::Status commit();

 private:
  Database& database_;
  bool open_ = false;
};

}  // namespace kiln::job
