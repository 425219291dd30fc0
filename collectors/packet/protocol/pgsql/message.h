#pragma once
// Messages of PostgreSQL's wire protocol, version 3.
// https://www.postgresql.org/docs/current/protocol-message-formats.html

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// What a client's message is; those without a name of their own are `other`.
enum class PgsqlRequestKind : std::uint8_t {
  ssl,
  gss_encryption,
  cancel,
  startup,
  password,
  sasl_initial,
  sasl_response,
  query,
  extended,  // parse, bind, execute … up to sync
  copy_data,
  copy_done,
  copy_fail,
  terminate,
  other,
};

using PgsqlPairs = std::vector<std::pair<std::string, std::string>>;

struct PgsqlRequest {
  PgsqlRequestKind kind = PgsqlRequestKind::other;
  std::uint16_t major = 0, minor = 0;       // of startup
  PgsqlPairs parameters;                    // of startup
  std::string text;                         // query, password, SASL data
  std::string mechanism;                    // SASL
  std::uint32_t process = 0, secret = 0;    // of cancel
  std::uint64_t copies = 0, copy_size = 0;  // COPY from the client
  std::optional<PgsqlRequestKind> copy_end;
};

// What the server said, put together until it is ready for more.
struct PgsqlResponse {
  std::optional<bool> ssl_accepted;
  std::vector<std::string> messages;  // "authentication_ok"
  std::optional<std::string> md5_salt;
  std::optional<std::string> sasl_final;
  PgsqlPairs parameters;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> key;  // process, secret
  PgsqlPairs notice;                                           // of an error or a notice: name → text
  std::optional<std::uint16_t> fields;
  std::uint64_t rows = 0, rows_size = 0;
  std::vector<std::string> completed;
  std::optional<std::uint16_t> copy_in, copy_out;  // columns
  std::uint64_t copies = 0, copy_size = 0;
  struct Notification {
    std::uint32_t process;
    std::string channel, payload;
  };
  std::vector<Notification> notifications;
  bool any = false;
};

// An untagged message that begins a connection: length, code, parameters. Nothing: not of that form.
std::optional<PgsqlRequest> parse_pgsql_startup(Bytes message);
// A tagged message without tag and length. `sasl` says what a password message means now.
enum class PgsqlSasl : std::uint8_t { none, started, going };
std::optional<PgsqlRequest> parse_pgsql_request(std::uint8_t tag, Bytes body, PgsqlSasl sasl);

// What follows an answer.
enum class PgsqlAnswer : std::uint8_t { more, complete, wrong };
PgsqlAnswer parse_pgsql_response(std::uint8_t tag, Bytes body, PgsqlResponse& out, PgsqlSasl& sasl);

bool pgsql_client_tag(std::uint8_t tag) noexcept;
bool pgsql_server_tag(std::uint8_t tag) noexcept;

}  // namespace tocsin::collectors
