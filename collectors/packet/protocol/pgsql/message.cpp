#include "collectors/packet/protocol/pgsql/message.h"

#include <algorithm>

namespace tocsin::collectors {
namespace {

constexpr std::uint32_t code_cancel = 80'877'102, code_ssl = 80'877'103, code_gss = 80'877'104;
constexpr std::size_t pairs_most = 64;
constexpr std::size_t list_most = 64;

// Up to the zero byte; poisons the reader when there is none.
std::string_view zero_ended(ByteReader& reader) {
  const auto rest = reader.rest();
  const auto end = std::ranges::find(rest, std::uint8_t{0});
  const auto size = static_cast<std::size_t>(end - rest.begin());
  const auto text = as_text(reader.take(size));
  reader.skip(1);
  return text;
}

// A query may go without its zero.
std::string query_text(Bytes body) {
  std::string out(as_text(body));
  while (!out.empty() && out.back() == '\0') out.pop_back();
  return out;
}

struct FieldName {
  char code;
  std::string_view name;
};
constexpr FieldName field_names[]{{'S', "severity_localizable"},
                                  {'V', "severity_non_localizable"},
                                  {'C', "code"},
                                  {'M', "message"},
                                  {'D', "detail"},
                                  {'H', "hint"},
                                  {'P', "position"},
                                  {'p', "internal_position"},
                                  {'q', "internal_query"},
                                  {'W', "where"},
                                  {'s', "schema_name"},
                                  {'t', "table"},
                                  {'c', "column"},
                                  {'d', "data_type"},
                                  {'n', "constraint"},
                                  {'F', "file"},
                                  {'L', "line"},
                                  {'R', "routine"}};

bool read_notice(Bytes body, PgsqlPairs& out) {
  ByteReader reader(body);
  while (reader.remaining() > 0 && out.size() < pairs_most) {
    const auto code = static_cast<char>(reader.u8());
    if (code == 0) return true;
    const auto text = zero_ended(reader);
    if (!reader.ok()) return false;
    const auto* found = std::ranges::find(field_names, code, &FieldName::code);
    if (found != std::end(field_names)) out.emplace_back(std::string(found->name), std::string(text));
  }
  return true;
}

PgsqlAnswer read_authentication(Bytes body, PgsqlResponse& out, PgsqlSasl& sasl) {
  ByteReader reader(body);
  const std::uint32_t kind = reader.u32();
  if (!reader.ok()) return PgsqlAnswer::wrong;
  const auto say = [&](std::string_view message, PgsqlAnswer answer) {
    if (out.messages.size() < list_most) out.messages.emplace_back(message);
    return answer;
  };
  switch (kind) {
    case 0: sasl = PgsqlSasl::none; return say("authentication_ok", PgsqlAnswer::more);
    case 2: return say("kerberos_v5", PgsqlAnswer::complete);
    case 3: return say("authentication_cleartext_password", PgsqlAnswer::complete);
    case 5: out.md5_salt = as_text(reader.take(4)); return reader.ok() ? PgsqlAnswer::complete : PgsqlAnswer::wrong;
    case 7: return say("authentication_gss", PgsqlAnswer::complete);
    case 8: return say("authentication_gss_continue", PgsqlAnswer::complete);
    case 9: return say("authentication_sspi", PgsqlAnswer::complete);
    case 10: sasl = PgsqlSasl::started; return say("authentication_sasl", PgsqlAnswer::complete);
    case 11: sasl = PgsqlSasl::going; return say("authentication_sasl_continue", PgsqlAnswer::complete);
    case 12: out.sasl_final = as_text(reader.rest()); return PgsqlAnswer::more;
    default: return PgsqlAnswer::wrong;
  }
}

bool read_row(Bytes body, PgsqlResponse& out) {
  ByteReader reader(body);
  const std::uint16_t columns = reader.u16();
  std::uint64_t size = 0;
  for (std::uint16_t i = 0; i < columns && reader.ok(); ++i) {
    const std::uint32_t length = reader.u32();
    if (length == 0xFFFFFFFF) continue;  // NULL
    reader.skip(length);
    size += length;
  }
  if (!reader.ok()) return false;
  ++out.rows;
  out.rows_size += size;
  return true;
}

std::optional<std::uint16_t> copy_columns(Bytes body) {
  ByteReader reader(body);
  reader.skip(1);
  const std::uint16_t columns = reader.u16();
  return reader.ok() ? std::optional(columns) : std::nullopt;
}

}  // namespace

bool pgsql_client_tag(std::uint8_t tag) noexcept {
  return std::string_view("QpXPBEDSCHFdcf").find(static_cast<char>(tag)) != std::string_view::npos;
}
bool pgsql_server_tag(std::uint8_t tag) noexcept {
  return std::string_view("RSKZTDCENAGHWdc123sInVtv").find(static_cast<char>(tag)) != std::string_view::npos;
}

std::optional<PgsqlRequest> parse_pgsql_startup(Bytes message) {
  ByteReader reader(message);
  const std::uint32_t length = reader.u32();
  const std::uint32_t code = reader.u32();
  PgsqlRequest out;
  if (!reader.ok() || length != message.size()) return std::nullopt;
  if (code == code_ssl || code == code_gss) {
    out.kind = code == code_ssl ? PgsqlRequestKind::ssl : PgsqlRequestKind::gss_encryption;
    return length == 8 ? std::optional(std::move(out)) : std::nullopt;
  }
  if (code == code_cancel) {
    out.kind = PgsqlRequestKind::cancel;
    out.process = reader.u32();
    out.secret = reader.u32();
    return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
  }
  out.kind = PgsqlRequestKind::startup;
  out.major = static_cast<std::uint16_t>(code >> 16U);
  out.minor = static_cast<std::uint16_t>(code);
  if (out.major != 3) return std::nullopt;
  while (reader.remaining() > 1 && out.parameters.size() < pairs_most) {
    const auto name = zero_ended(reader);
    const auto value = zero_ended(reader);
    if (!reader.ok()) return std::nullopt;
    if (name.empty()) break;
    out.parameters.emplace_back(std::string(name), std::string(value));
  }
  return out;
}

std::optional<PgsqlRequest> parse_pgsql_request(std::uint8_t tag, Bytes body, PgsqlSasl sasl) {
  PgsqlRequest out;
  switch (static_cast<char>(tag)) {
    case 'Q':
      out.kind = PgsqlRequestKind::query;
      out.text = query_text(body);
      return out;
    case 'p': {
      if (sasl == PgsqlSasl::none) {
        out.kind = PgsqlRequestKind::password;
        out.text = query_text(body);
        return out;
      }
      if (sasl == PgsqlSasl::going) {
        out.kind = PgsqlRequestKind::sasl_response;
        out.text = as_text(body);
        return out;
      }
      ByteReader reader(body);
      out.kind = PgsqlRequestKind::sasl_initial;
      out.mechanism = zero_ended(reader);
      const std::uint32_t length = reader.u32();
      if (length != 0xFFFFFFFF) out.text = as_text(reader.take(length));
      return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
    }
    case 'X': out.kind = PgsqlRequestKind::terminate; return out;
    case 'd':
      out.kind = PgsqlRequestKind::copy_data;
      out.copies = 1;
      out.copy_size = body.size();
      return out;
    case 'c': out.kind = PgsqlRequestKind::copy_done; return out;
    case 'f':
      out.kind = PgsqlRequestKind::copy_fail;
      out.text = query_text(body);
      return out;
    case 'P': {
      ByteReader reader(body);
      zero_ended(reader);  // the statement's name
      out.kind = PgsqlRequestKind::extended;
      out.text = zero_ended(reader);
      return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
    }
    case 'B':
    case 'E':
    case 'D':
    case 'C':
    case 'H':
    case 'S': out.kind = PgsqlRequestKind::extended; return out;
    case 'F': return out;
    default: return std::nullopt;
  }
}

PgsqlAnswer parse_pgsql_response(std::uint8_t tag, Bytes body, PgsqlResponse& out, PgsqlSasl& sasl) {
  ByteReader reader(body);
  out.any = true;
  const auto fits = [&] { return reader.ok() ? PgsqlAnswer::more : PgsqlAnswer::wrong; };
  switch (static_cast<char>(tag)) {
    case 'R': return read_authentication(body, out, sasl);
    case 'S': {
      const auto name = zero_ended(reader);
      const auto value = zero_ended(reader);
      if (reader.ok() && out.parameters.size() < pairs_most)
        out.parameters.emplace_back(std::string(name), std::string(value));
      return fits();
    }
    case 'K': {
      const std::uint32_t process = reader.u32();
      out.key = {process, reader.u32()};
      return fits();
    }
    case 'Z': return PgsqlAnswer::complete;
    case 'T': out.fields = reader.u16(); return fits();
    case 'D': return read_row(body, out) ? PgsqlAnswer::more : PgsqlAnswer::wrong;
    case 'C': {
      const auto text = zero_ended(reader);
      if (reader.ok() && out.completed.size() < list_most) out.completed.emplace_back(text);
      return fits();
    }
    case 'E':
    case 'N':
      if (!out.notice.empty()) return PgsqlAnswer::more;
      return read_notice(body, out.notice) ? PgsqlAnswer::more : PgsqlAnswer::wrong;
    case 'A': {
      PgsqlResponse::Notification notification{reader.u32(), {}, {}};
      notification.channel = zero_ended(reader);
      notification.payload = zero_ended(reader);
      if (reader.ok() && out.notifications.size() < list_most) out.notifications.push_back(std::move(notification));
      return fits();
    }
    case 'G':
    case 'W': out.copy_in = copy_columns(body); return out.copy_in ? PgsqlAnswer::complete : PgsqlAnswer::wrong;
    case 'H': out.copy_out = copy_columns(body); return out.copy_out ? PgsqlAnswer::more : PgsqlAnswer::wrong;
    case 'd':
      ++out.copies;
      out.copy_size += body.size();
      return PgsqlAnswer::more;
    default: return PgsqlAnswer::more;
  }
}

}  // namespace tocsin::collectors
