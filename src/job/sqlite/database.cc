#include "job/sqlite/database.h"

#include <map>
#include <utility>

#include <sqlite3.h>

namespace kiln::job {
namespace {

/// The vendor's codes in ours.
base::Error error_of(sqlite3* database, std::string_view what) {
  const int code = sqlite3_errcode(database) & 0xff;
  const bool is_full =
      code == SQLITE_FULL || sqlite3_extended_errcode(database) == SQLITE_IOERR_SHMSIZE;
  const auto kind = code == SQLITE_BUSY || code == SQLITE_LOCKED || is_full
                        ? base::ErrorCode::kUnavailable
                    : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? base::ErrorCode::kInvalid
                                                                      : base::ErrorCode::kIo;
  return base::Error(kind, "job database, " + std::string(what) + ": " + sqlite3_errmsg(database));
}

}  // namespace

/// By their texts: parsing one takes longer than running it.
class PreparedStatements {
 public:
  explicit PreparedStatements(sqlite3* database) : database_(database) {}
  ~PreparedStatements() {
    for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  }
  PreparedStatements(const PreparedStatements&) = delete;
  PreparedStatements& operator=(const PreparedStatements&) = delete;

  sqlite3* database() const { return database_; }

  base::Result<sqlite3_stmt*> take(std::string_view sql) {
    const auto found = idle_.find(sql);
    if (found != idle_.end()) {
      sqlite3_stmt* const statement = found->second;
      idle_.erase(found);
      return statement;
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
      return error_of(database_, "prepare");
    }
    return statement;
  }

  void give_back(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    const auto [place, is_new] = idle_.emplace(sqlite3_sql(statement), statement);
    if (!is_new) sqlite3_finalize(statement);
  }

 private:
  sqlite3* const database_;
  std::map<std::string, sqlite3_stmt*, std::less<>> idle_;
};

Statement::~Statement() {
  if (statement_ != nullptr) home_.give_back(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : home_(other.home_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int64_t number) {
  sqlite3_bind_int64(statement_, ++bound_, number);
  return *this;
}

base::Result<bool> Statement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return error_of(home_.database(), "statement");
  }
}

base::Status Statement::run() {
  for (;;) {
    KILN_ASSIGN(const bool row, step());
    if (!row) return {};
  }
}

std::string Statement::text(int column) const {
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

base::Result<Database> Database::open(const std::string& path, Durability durability,
                                      Locking locking) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) != SQLITE_OK) {
    base::Error error = error_of(handle, "open " + path);
    sqlite3_close(handle);
    return error;
  }
  Database database(handle);
  if (locking == Locking::kExclusive) {
    KILN_TRY(database.execute("PRAGMA locking_mode = EXCLUSIVE"));
  }
  KILN_TRY(database.execute(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON"));
  KILN_TRY(database.execute(durability == Durability::kMachineCrash ? "PRAGMA synchronous = FULL"
                                                                    : "PRAGMA synchronous = OFF"));
  return database;
}

Database::Database(sqlite3* handle)
    : handle_(handle), prepared_(std::make_unique<PreparedStatements>(handle)) {}

Database::~Database() {
  prepared_.reset();
  sqlite3_close(handle_);
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), prepared_(std::move(other.prepared_)) {}

base::Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error_of(handle_, "execute");
  }
  return {};
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  KILN_ASSIGN(sqlite3_stmt* const statement, prepared_->take(sql));
  return Statement(*prepared_, statement);
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Transaction::~Transaction() {
  if (open_) (void)database_.execute("ROLLBACK");
}

base::Status Transaction::begin() {
  KILN_TRY(database_.execute("BEGIN IMMEDIATE"));
  open_ = true;
  return {};
}

base::Status Transaction::commit() {
  KILN_TRY(database_.execute("COMMIT"));
  open_ = false;
  return {};
}

}  // namespace kiln::job
