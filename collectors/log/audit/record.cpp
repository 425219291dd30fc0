#include "collectors/log/audit/record.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/log/envelope/stamp.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;

struct TypeRow {
  std::string_view number, name;
};
// linux/audit.h; the types the kernel itself prints with numbers.
constexpr std::array<TypeRow, 24> types{{{"1100", "USER_AUTH"},
                                         {"1101", "USER_ACCT"},
                                         {"1103", "CRED_ACQ"},
                                         {"1104", "CRED_DISP"},
                                         {"1105", "USER_START"},
                                         {"1106", "USER_END"},
                                         {"1112", "USER_LOGIN"},
                                         {"1130", "SERVICE_START"},
                                         {"1131", "SERVICE_STOP"},
                                         {"1300", "SYSCALL"},
                                         {"1302", "PATH"},
                                         {"1305", "CONFIG_CHANGE"},
                                         {"1306", "SOCKADDR"},
                                         {"1307", "CWD"},
                                         {"1309", "EXECVE"},
                                         {"1320", "EOE"},
                                         {"1326", "SECCOMP"},
                                         {"1327", "PROCTITLE"},
                                         {"1334", "BPF"},
                                         {"1400", "AVC"},
                                         {"1403", "MAC_POLICY_LOAD"},
                                         {"1404", "MAC_STATUS"},
                                         {"1700", "ANOM_PROMISCUOUS"},
                                         {"1701", "ANOM_ABEND"}}};

// Keys whose unquoted value is hex when the kernel found it unprintable (lib/audit: auparse interpretation table).
constexpr std::array<std::string_view, 22> encoded_keys{
    "acct",        "cmd",         "comm",     "cwd",  "data",  "dev_path", "dir",  "exe",
    "file",        "grp",         "key",      "name", "ocomm", "op_path",  "path", "proctitle",
    "new-chardev", "old-chardev", "new-disk", "vm",   "watch", "tty_data"};

bool is_encoded_key(std::string_view key, std::string_view type) {
  if (type == "EXECVE" && key.size() >= 2 && key[0] == 'a' && key[1] >= '0' && key[1] <= '9')
    return !key.ends_with("_len");
  return std::ranges::find(encoded_keys, key) != encoded_keys.end();
}

bool is_hex_text(std::string_view text) {
  if (text.size() < 2 || text.size() % 2 != 0) return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); });
}

std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const auto word = text.substr(0, end);
  text.remove_prefix(end == npos ? text.size() : end + 1);
  return word;
}

}  // namespace

std::optional<AuditRecord> read_audit_record(std::string_view line) noexcept {
  AuditRecord record;
  if (line.starts_with("audit: ")) line.remove_prefix(7);
  if (line.starts_with("node=")) {
    record.node = take_word(line).substr(5);
  }
  if (!line.starts_with("type=")) return std::nullopt;
  record.type = take_word(line).substr(5);
  if (record.type.empty() || record.type.size() > 64) return std::nullopt;
  if (line.starts_with("msg=")) line.remove_prefix(4);
  if (!line.starts_with("audit(")) return std::nullopt;
  line.remove_prefix(6);
  const auto stamp = read_stamp(StampForm::epoch, line);
  if (!stamp) return std::nullopt;
  record.time = Time{stamp->local.time_since_epoch()};
  line.remove_prefix(stamp->length);
  const auto close = line.find(')');
  if (!line.starts_with(':') || close == npos) return std::nullopt;
  const auto serial = parse_unsigned(line.substr(1, close - 1));
  if (!serial) return std::nullopt;
  record.serial = *serial;
  line.remove_prefix(close + 1);
  if (line.starts_with(':')) line.remove_prefix(1);
  record.body = trim(line);
  for (const auto& row : types)
    if (row.number == record.type) record.type = row.name;
  if (record.type.starts_with("UNKNOWN[") && record.type.ends_with(']'))
    record.type = record.type.substr(8, record.type.size() - 9);
  return record;
}

std::string_view AuditFields::find(std::string_view key) const noexcept {
  for (const auto& f : fields_)
    if (f.key == key) return f.value;
  return {};
}

void AuditFields::read(const AuditRecord& record) {
  fields_.clear();
  decoded_.clear();
  // Decoding halves the size, so this never grows again below: the views into it stay valid.
  decoded_.reserve(record.body.size() + 1);
  pairs(record.body, record.type, false);
}

void AuditFields::pairs(std::string_view text, std::string_view type, bool inner) {
  bool enriched = false;
  while (!text.empty() && fields_.size() < most) {
    if (text[0] == ' ' || text[0] == '\x1d' || text[0] == ',') {
      enriched = enriched || text[0] == '\x1d';
      text.remove_prefix(1);
      continue;
    }
    const auto equals = text.find_first_of("= \x1d");
    if (equals == npos) return;
    if (text[equals] != '=') {  // a word without a value: "AVC avc: denied { read } for pid=1"
      text.remove_prefix(equals);
      continue;
    }
    const auto key = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    if (!inner && key == "msg" && text.starts_with('\'')) {
      const auto close = text.rfind('\'');
      const auto body = text.substr(1, close == 0 ? npos : close - 1);
      pairs(body, type, true);
      text.remove_prefix(close == 0 ? text.size() : close + 1);
      continue;
    }
    if (text.starts_with('"')) {
      const auto close = text.find('"', 1);
      add(key, text.substr(1, close == npos ? npos : close - 1), type, true, enriched);
      text.remove_prefix(close == npos ? text.size() : close + 1);
      continue;
    }
    auto end = text.find_first_of(" \x1d");
    if (text.starts_with('{')) {  // saddr={ saddr_fam=inet laddr=… } of ENRICHED logs
      const auto close = text.find('}');
      end = close == npos ? npos : close + 1;
    }
    auto value = text.substr(0, end);
    text.remove_prefix(end == npos ? text.size() : end);
    if (inner && value.ends_with(',')) value.remove_suffix(1);
    add(key, value, type, false, enriched);
  }
}

void AuditFields::add(std::string_view key, std::string_view value, std::string_view type, bool quoted, bool enriched) {
  if (key.empty() || key.size() > 64) return;
  if (!quoted && value == "(null)") return;
  if (!quoted && !enriched && is_encoded_key(key, type) && is_hex_text(value))
    value = decode_hex(value, key == "proctitle");
  if (key == "key" || key == "proctitle") value = value.substr(0, value.find_last_not_of('\0') + 1);
  fields_.push_back({key, value, enriched});
}

std::string_view AuditFields::decode_hex(std::string_view value, bool nul_is_space) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  const auto start = decoded_.size();
  for (std::size_t i = 0; i + 1 < value.size(); i += 2) {
    const char c = static_cast<char>(digit(value[i]) * 16 + digit(value[i + 1]));
    decoded_ += c == '\0' && nul_is_space ? ' ' : c;
  }
  return std::string_view(decoded_).substr(start);
}

}  // namespace tocsin::collectors
