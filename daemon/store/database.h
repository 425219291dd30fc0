#pragma once
// A thin hold on SQLite: one connection, prepared statements kept by their text, errors as Result. sqlite3.h stays in
// the .cpp. One thread per Database.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tocsin::daemon {

class Database;

// One use of a prepared statement: bind in order, then step or run. Views of columns hold until the next step.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(std::int64_t number);
  Statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(std::uint32_t number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(int number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(Time time) { return bind(time.time_since_epoch().count()); }
  Statement& bind(std::string_view text);
  Statement& bind(const char* text) { return bind(std::string_view(text)); }
  Statement& bind_blob(Bytes bytes);
  Statement& bind_null();

  // True: there is a row.
  Result<bool> step();
  // To its end; for what gives no rows. The number of rows changed.
  Result<std::uint64_t> run();

  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  Time time(int column) const { return Time{Duration{integer(column)}}; }
  std::string_view text(int column) const;
  Bytes blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  enum class Keep : std::uint8_t { cached, own };
  Statement(Database& database, sqlite3_stmt* statement, Keep keep)
      : database_(&database), statement_(statement), keep_(keep) {}

  Database* database_;
  sqlite3_stmt* statement_;
  Keep keep_;
  int next_ = 1;
  int failed_ = 0;
};

enum class DatabaseMode : std::uint8_t { create, write, read };

class Database {
 public:
  // `read` on a medium that cannot be written (no shared-memory file) falls back to an immutable view.
  static Result<std::unique_ptr<Database>> open(const std::string& path, DatabaseMode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<void> execute(const std::string& sql);  // one or more statements, no parameters, no rows
  Result<Statement> statement(std::string_view sql);
  // The single number a query gives; 0 without a row.
  Result<std::int64_t> query_number(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  Result<void> begin();  // immediate
  Result<void> commit();
  void rollback() noexcept;
  // All of `work` or none of it: a transaction of its own, or a savepoint in the one that is open. When SQLite itself
  // had to end the open transaction (disk full), `in_transaction()` is false afterwards.
  Result<void> atomically(const std::function<Result<void>()>& work);
  bool in_transaction() const noexcept;
  const std::string& path() const noexcept { return path_; }

  // SQLITE_FULL and ENOSPC → exhausted; corrupt → invalid; read-only → denied; busy → conflict. Each says what to do.
  std::unexpected<Error> failure(std::string_view what, int status) const;

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  std::string path_;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace tocsin::daemon
