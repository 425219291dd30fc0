#include "daemon/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace tocsin::daemon {

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(other.statement_),
      keep_(other.keep_),
      next_(other.next_),
      failed_(other.failed_) {
  other.statement_ = nullptr;
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  if (keep_ == Keep::own) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::bind(std::int64_t number) {
  if (const int status = sqlite3_bind_int64(statement_, next_++, number); status != SQLITE_OK) failed_ = status;
  return *this;
}
Statement& Statement::bind(std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  const int status = sqlite3_bind_text64(statement_, next_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (status != SQLITE_OK) failed_ = status;
  return *this;
}
Statement& Statement::bind_blob(Bytes bytes) {
  static constexpr std::uint8_t nothing = 0;
  const auto* data = bytes.empty() ? &nothing : bytes.data();
  const int status = sqlite3_bind_blob64(statement_, next_++, data, bytes.size(), SQLITE_TRANSIENT);
  if (status != SQLITE_OK) failed_ = status;
  return *this;
}
Statement& Statement::bind_null() {
  if (const int status = sqlite3_bind_null(statement_, next_++); status != SQLITE_OK) failed_ = status;
  return *this;
}

Result<bool> Statement::step() {
  if (failed_ != 0) return database_->failure("cannot hand a value to the store", failed_);
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return database_->failure("the store refused a query", status);
}

Result<std::uint64_t> Statement::run() {
  for (;;) {
    TOCSIN_TRY(const bool row, step());
    if (!row) break;
  }
  return static_cast<std::uint64_t>(sqlite3_changes64(sqlite3_db_handle(statement_)));
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
Bytes Statement::blob(int column) const {
  const auto* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

namespace {

// RFC 3986 escapes of what SQLite's file: names treat specially.
std::string uri_of(const std::string& path) {
  std::string out = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') out += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else out += c;
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, DatabaseMode mode) {
  const int access = mode == DatabaseMode::read    ? SQLITE_OPEN_READONLY
                     : mode == DatabaseMode::write ? SQLITE_OPEN_READWRITE
                                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const auto connect = [&](const std::string& name, int flags) {
    sqlite3* handle = nullptr;
    const int status = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<Database> database(new Database(handle, path));
    if (handle != nullptr) {
      sqlite3_extended_result_codes(handle, 1);
      sqlite3_busy_timeout(handle, 5000);
    }
    return std::pair(status, std::move(database));
  };
  auto [status, database] = connect(path, access);
  if (status != SQLITE_OK) return database->failure("cannot open the store", status);
  auto probe = database->query_number("SELECT count(*) FROM sqlite_schema");
  if (!probe && mode == DatabaseMode::read && probe.error().code == Code::denied) {
    auto [again, immutable] = connect(uri_of(path) + "?immutable=1", access | SQLITE_OPEN_URI);
    if (again != SQLITE_OK) return immutable->failure("cannot open the store", again);
    database = std::move(immutable);
    probe = database->query_number("SELECT count(*) FROM sqlite_schema");
  }
  if (!probe) return std::unexpected(std::move(probe).error());
  // Temporary files would lie outside the directories the sandbox leaves.
  TOCSIN_CHECK(database->execute(mode == DatabaseMode::read
                                     ? "PRAGMA query_only = 1; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY"
                                     : "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; "
                                       "PRAGMA temp_store = MEMORY"));
  return std::move(database);
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

Result<void> Database::execute(const std::string& sql) {
  const int status = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return failure("the store refused a statement", status);
  return {};
}

Result<Statement> Database::statement(std::string_view sql) {
  const std::string key(sql);
  const auto found = statements_.find(key);
  if (found != statements_.end() && sqlite3_stmt_busy(found->second) == 0)
    return Statement(*this, found->second, Statement::Keep::cached);
  sqlite3_stmt* prepared = nullptr;
  const int status = sqlite3_prepare_v3(handle_, key.c_str(), static_cast<int>(key.size()), SQLITE_PREPARE_PERSISTENT,
                                        &prepared, nullptr);
  if (status != SQLITE_OK || prepared == nullptr) return failure("cannot prepare a query", status);
  // The busy twin of a cached statement is used once; texts built while running must not fill the cache.
  constexpr std::size_t statements_most = 256;
  if (found != statements_.end() || statements_.size() >= statements_most)
    return Statement(*this, prepared, Statement::Keep::own);
  statements_.emplace(key, prepared);
  return Statement(*this, prepared, Statement::Keep::cached);
}

Result<std::int64_t> Database::query_number(std::string_view sql) {
  TOCSIN_TRY(auto query, statement(sql));
  TOCSIN_TRY(const bool row, query.step());
  return row ? query.integer(0) : 0;
}

Result<std::string> Database::query_text(std::string_view sql) {
  TOCSIN_TRY(auto query, statement(sql));
  TOCSIN_TRY(const bool row, query.step());
  return row ? std::string(query.text(0)) : std::string{};
}

Result<void> Database::begin() { return execute("BEGIN IMMEDIATE"); }
Result<void> Database::commit() { return execute("COMMIT"); }
void Database::rollback() noexcept {
  if (in_transaction()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}
bool Database::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

Result<void> Database::atomically(const std::function<Result<void>()>& work) {
  const bool joins = in_transaction();
  TOCSIN_CHECK(joins ? execute("SAVEPOINT part") : begin());
  auto done = work();
  if (done) done = joins ? execute("RELEASE part") : commit();
  if (done) return done;
  if (!joins) rollback();
  else if (in_transaction() && !execute("ROLLBACK TO part; RELEASE part")) rollback();
  return done;
}

std::unexpected<Error> Database::failure(std::string_view what, int status) const {
  const char* said = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  const int cause = handle_ == nullptr ? ENOMEM : sqlite3_system_errno(handle_);
  const auto told = [&](Code code, std::string_view next) {
    return fail(code, fmt::format("{} ({}): {}; {}", what, path_, said, next));
  };
  switch (status & 0xFF) {
    case SQLITE_FULL: return told(Code::exhausted, "free space on that file system or shorten the retention");
    case SQLITE_IOERR:
      if (cause == ENOSPC || cause == EDQUOT)
        return told(Code::exhausted, "free space on that file system or shorten the retention");
      return told(Code::failure, fmt::format("the disk said: {}", std::strerror(cause)));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return told(Code::invalid,
                  "stop tocsind, move this file away and restore a backup, or start with an empty store");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return told(Code::denied, "make the directory and the file writable for the user tocsind runs as");
    case SQLITE_CANTOPEN:
      return told(cause == ENOENT ? Code::not_found : Code::denied,
                  "check that the directory exists and belongs to the user tocsind runs as");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return told(Code::conflict, "another process holds the store; end it or wait");
    default: return told(Code::failure, fmt::format("SQLite status {}", status));
  }
}

}  // namespace tocsin::daemon
