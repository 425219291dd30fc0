#include "collectors/log/audit/audit_event.h"

#include <array>
#include <charconv>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/audit/assembler.h"
#include "collectors/log/audit/syscall.h"

namespace tocsin::collectors {

namespace {

struct Mapping {
  std::string_view key;
  Field field;
};
constexpr std::array<Mapping, 20> mappings{{{"pid", field::process_pid},
                                            {"ppid", field::process_parent_pid},
                                            {"uid", field::user_id},
                                            {"euid", field::user_effective_id},
                                            {"auid", field::user_audit_id},
                                            {"UID", field::user_name},
                                            {"EUID", field::user_effective_name},
                                            {"AUID", field::user_audit_name},
                                            {"exe", field::process_executable},
                                            {"comm", field::process_name},
                                            {"cwd", field::process_working_directory},
                                            {"proctitle", field::process_title},
                                            {"ses", field::auditd_session},
                                            {"key", field::auditd_key},
                                            {"acct", field::user_name},
                                            {"addr", field::source_ip},
                                            {"hostname", field::source_address},
                                            {"unit", field::service_name},
                                            {"terminal", field::process_tty},
                                            {"cmd", field::process_command_line}}};

bool is_login(std::string_view type) {
  return type == "USER_LOGIN" || type == "USER_AUTH" || type == "USER_ACCT" || type == "USER_ERR" ||
         type == "USER_START" || type == "USER_CMD" || type == "CRED_ACQ" || type == "USER_MGMT" ||
         type == "USER_CHAUTHTOK";
}

void set_outcome(EventBuilder& b, std::string_view type, std::string_view result) {
  if (result.empty()) return;
  const bool good = result == "success" || result == "1" || result == "yes";
  b.set(field::event_outcome, good ? "success" : "failure");
  if (!is_login(type)) return;
  b.set(field::event_category, "authentication");
  b.set(field::event_type, "info");  // the program that logs in or refuses says so in its own log too
}

// user_login, service_start: the type in lower case.
void set_action(EventBuilder& b, std::string_view type) {
  std::array<char, 64> lower{};
  const auto n = std::min(type.size(), lower.size());
  for (std::size_t i = 0; i < n; ++i) lower[i] = to_lower_ascii(type[i]);
  b.set(field::event_action, std::string_view(lower.data(), n));
}

void set_keys(EventBuilder& b, Field field, std::string_view value) {
  // Several rule keys are joined by 0x01.
  while (!value.empty()) {
    const auto end = value.find('\x01');
    b.append(field, value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
  }
}

}  // namespace

std::string_view audit_syscall(const AuditFields& fields) noexcept {
  std::string_view arch_text, number_text;
  for (const auto& f : fields.all()) {
    if (f.key == "SYSCALL" && f.enriched) return f.value;
    if (f.key == "arch") arch_text = f.value;
    if (f.key == "syscall") number_text = f.value;
  }
  std::uint32_t arch = 0;
  std::from_chars(arch_text.data(), arch_text.data() + arch_text.size(), arch, 16);
  const auto number = parse_unsigned(number_text);
  return number && *number < 65536 ? syscall_name(arch, static_cast<std::uint32_t>(*number))
         : number                  ? std::string_view{}
                                   : number_text;
}

void assign_audit(LineContext& line, const AuditRecord& record, AuditFields& fields) {
  auto& b = line.builder;
  fields.read(record);
  line.observed = record.time;
  b.set(field::event_module, "auditd");
  b.set(field::auditd_message_type, record.type);
  b.set(field::auditd_data, record.body);
  b.set(field::event_sequence, record.serial);
  b.set(line.fields.find("type"), record.type);
  if (!record.node.empty()) b.set(field::log_syslog_hostname, record.node);
  set_action(b, record.type);
  std::string_view result;
  for (const auto& f : fields.all()) {
    if (f.key == "type") continue;
    if (f.key == "key") {
      set_keys(b, line.fields.find("key"), f.value);
      set_keys(b, field::auditd_key, f.value);
      continue;
    }
    if (const Field own = line.fields.find(f.key); own != Field{} && b.find(own) == nullptr) b.set(own, f.value);
    if (f.key == "res" || f.key == "success") result = f.value;
    if (f.value.empty() || f.value == "?" || f.value == "unset" || f.value == "4294967295") continue;
    if (f.key == "UID" && !fields.find("acct").empty()) continue;  // the account is the subject, not who reports it
    for (const auto& m : mappings)
      if (m.key == f.key && (m.field != field::source_ip || parse_address(f.value))) b.set_typed(m.field, f.value);
  }
  set_outcome(b, record.type, result);
  if (record.type == "SYSCALL") {
    if (const auto name = audit_syscall(fields); !name.empty()) {
      b.set(line.fields.find("SYSCALL"), name);
      b.set(field::auditd_syscall, name);
    }
  } else if (record.type == "SOCKADDR") {
    const auto socket = read_socket_address(fields.find("saddr"));
    if (socket.address) b.set(field::destination_ip, socket.address);
    if (socket.address) b.set(field::destination_port, std::uint64_t{socket.port});
    if (!socket.path.empty()) b.set(field::file_path, socket.path);
  } else if (record.type == "PATH") {
    if (const auto name = fields.find("name"); !name.empty()) b.set(field::file_path, name);
  }
}

}  // namespace tocsin::collectors
