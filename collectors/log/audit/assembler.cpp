#include "collectors/log/audit/assembler.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/audit/audit_event.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::chrono::seconds open_longest{2};
constexpr std::uint64_t open_serials_most = 128;

std::uint64_t number(std::string_view text) { return parse_unsigned(text).value_or(0); }

void take(std::string& to, std::string_view from) {
  if (!from.empty() && to.empty()) to = from;
}

// Enriched pairs (UID="root") follow the raw ones and have upper-case keys.
void read_syscall(AuditGroup& g, const AuditFields& fields) {
  g.has_syscall = true;
  for (const auto& f : fields.all()) {
    if (f.key == "success") g.success = f.value;
    else if (f.key == "exit") g.exit = parse_signed(f.value).value_or(0);
    else if (f.key == "pid") g.pid = number(f.value);
    else if (f.key == "ppid") g.parent = number(f.value);
    else if (f.key == "uid") g.uid = f.value;
    else if (f.key == "euid") g.euid = f.value;
    else if (f.key == "auid") g.auid = f.value;
    else if (f.key == "ses") g.session = f.value;
    else if (f.key == "tty") g.tty = f.value;
    else if (f.key == "comm") g.comm = f.value;
    else if (f.key == "exe") g.exe = f.value;
    else if (f.key == "key") g.key = f.value;
    else if (f.key == "UID") g.user = f.value;
    else if (f.key == "EUID") g.effective_user = f.value;
    else if (f.key == "AUID") g.login_user = f.value;
  }
}

// a0=…, a1_len=9000 a1[0]=… a1[1]=…, and further EXECVE records that go on counting.
void read_arguments(AuditGroup& g, const AuditFields& fields) {
  for (const auto& f : fields.all()) {
    if (f.key.size() < 2 || f.key[0] != 'a' || f.key[1] < '0' || f.key[1] > '9' || f.key.ends_with("_len")) continue;
    const auto bracket = f.key.find('[');
    const auto index = parse_unsigned(f.key.substr(1, bracket == npos ? npos : bracket - 1));
    if (!index || *index >= AuditAssembler::args_most) continue;
    if (g.arg_bytes + f.value.size() > AuditAssembler::arg_bytes_most) continue;
    g.arg_bytes += f.value.size();
    if (g.args.size() <= *index) g.args.resize(*index + 1);
    if (bracket == npos) g.args[*index] = f.value;
    else g.args[*index] += f.value;
  }
}

void read_path(AuditGroup& g, const AuditFields& fields) {
  if (g.paths.size() >= AuditAssembler::paths_most) return;
  g.paths.push_back({std::string(fields.find("name")), std::string(fields.find("nametype")),
                     std::string(fields.find("inode")), std::string(fields.find("mode")),
                     std::string(fields.find(fields.find("OUID").empty() ? "ouid" : "OUID"))});
}

std::string absolute(const std::string& path, const std::string& cwd) {
  if (path.empty() || path[0] == '/' || cwd.empty()) return path;
  std::string_view rest = path;
  if (rest.starts_with("./")) rest.remove_prefix(2);
  return cwd.ends_with('/') ? cwd + std::string(rest) : cwd + "/" + std::string(rest);
}

std::string joined(const std::vector<std::string>& args) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i != 0) out += ' ';  // an empty argument counts: `exec -a ""` must not take the blank before the next away
    out += args[i];
  }
  return out;
}

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == npos ? path : path.substr(slash + 1);
}

// The name behind a number as far as the records tell; uid 0 is root on every host.
std::string_view name_of(std::string_view name, std::string_view id) {
  if (!name.empty() && name != "unset" && !name.starts_with("unknown(")) return name;
  return id == "0" ? "root" : std::string_view{};
}

void set_text(EventBuilder& builder, Field field, std::string_view text) {
  if (!text.empty()) builder.set(field, text);
}

void set_actor(const AuditGroup& g, EventBuilder& b) {
  if (g.pid != 0) b.set(field::process_pid, g.pid);
  if (g.parent != 0) b.set(field::process_parent_pid, g.parent);
  set_text(b, field::user_id, g.uid);
  set_text(b, field::user_name, name_of(g.user, g.uid));
  set_text(b, field::user_effective_id, g.euid);
  set_text(b, field::user_effective_name, name_of(g.effective_user, g.euid));
  if (g.auid != "4294967295" && g.auid != "-1") {
    set_text(b, field::user_audit_id, g.auid);
    set_text(b, field::user_audit_name, name_of(g.login_user, g.auid));
  }
  set_text(b, field::auditd_session, g.session == "4294967295" ? std::string_view{} : std::string_view(g.session));
  set_text(b, field::auditd_key, g.key);
  set_text(b, field::auditd_syscall, g.syscall);
  set_text(b, field::process_tty, g.tty == "(none)" ? std::string_view{} : std::string_view(g.tty));
  b.set(field::event_sequence, g.serial);
  b.set(field::event_outcome, g.success == "no" ? "failure" : "success");
}

}  // namespace

const KnownProcess* ProcessMemory::find(std::uint64_t pid) const noexcept {
  const auto found = rows_.find(pid);
  return found == rows_.end() ? nullptr : &found->second.process;
}

KnownProcess& ProcessMemory::touch(std::uint64_t pid) {
  if (const auto found = rows_.find(pid); found != rows_.end()) {
    order_.splice(order_.end(), order_, found->second.place);
    return found->second.process;
  }
  if (rows_.size() >= most) {
    rows_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(pid);
  return rows_.emplace(pid, Row{{}, std::prev(order_.end())}).first->second.process;
}

SocketAddress read_socket_address(std::string_view hex) {
  SocketAddress out;
  if (hex.starts_with('{')) {  // interpreted: { saddr_fam=inet laddr=1.2.3.4 lport=80 }
    const auto part = [&](std::string_view key) {
      const auto at = hex.find(key);
      if (at == npos) return std::string_view{};
      const auto rest = hex.substr(at + key.size());
      return rest.substr(0, rest.find_first_of(" }"));
    };
    if (const auto address = parse_address(part("laddr="))) out.address = *address;
    out.port = static_cast<std::uint16_t>(number(part("lport=")));
    out.path = part("path=");
    return out;
  }
  const auto bytes = parse_hex(hex.substr(0, 256));
  if (!bytes || bytes->size() < 4) return out;
  const auto& b = *bytes;
  const auto family = static_cast<unsigned>(b[0] | (b[1] << 8));
  if (family == 2 && b.size() >= 8) out.address = IpAddress::v4(Bytes(b).subspan(4, 4));
  if (family == 10 && b.size() >= 24) out.address = IpAddress::v6(Bytes(b).subspan(8, 16)).unmapped();
  if (out.address) out.port = static_cast<std::uint16_t>((b[2] << 8) | b[3]);
  if (family == 1) {
    auto path = as_text(Bytes(b).subspan(2));
    const bool abstract = path.starts_with('\0');
    if (abstract) path.remove_prefix(1);
    if (abstract) out.path += '@';
    out.path += path.substr(0, path.find('\0'));
  }
  return out;
}

void AuditAssembler::add(const AuditRecord& record, const AuditFields& fields, const Digest128& id,
                         std::uint64_t place_in_source) {
  const auto type = record.type;
  const bool matters = type == "SYSCALL" || type == "EXECVE" || type == "CWD" || type == "PATH" ||
                       type == "PROCTITLE" || type == "SOCKADDR";
  if (type == "EOE") {
    if (const auto found = groups_.find(record.serial); found != groups_.end()) end_group(found);
    return;
  }
  end_stale(record);
  if (!matters) return;
  if (groups_.size() >= groups_most && !groups_.contains(record.serial)) {
    ++evicted_;
    end_group(groups_.begin());
  }
  auto [place, fresh] = groups_.try_emplace(record.serial);
  auto& g = place->second;
  if (fresh) {
    g.serial = record.serial;
    g.time = record.time;
    g.first = id;
    g.place = place_in_source;
  }
  if (type == "SYSCALL") {
    read_syscall(g, fields);
    take(g.syscall, audit_syscall(fields));
  } else if (type == "EXECVE") {
    read_arguments(g, fields);
  } else if (type == "CWD") {
    g.cwd = fields.find("cwd");
  } else if (type == "PATH") {
    read_path(g, fields);
  } else if (type == "SOCKADDR") {
    g.socket = read_socket_address(fields.find("saddr"));
  } else {
    g.proctitle = fields.find("proctitle");
    if (g.has_syscall) end_group(place);  // PROCTITLE is the last record of a system call
  }
}

void AuditAssembler::end_stale(const AuditRecord& record) {
  while (!groups_.empty()) {
    const auto oldest = groups_.begin();
    if (oldest->first == record.serial) return;
    const bool behind = record.serial > oldest->first + open_serials_most;
    if (!behind && record.time - oldest->second.time < open_longest) return;
    end_group(oldest);
  }
}

void AuditAssembler::end_group(std::map<std::uint64_t, AuditGroup>::iterator group) {
  AuditGroup ended = std::move(group->second);
  groups_.erase(group);
  put_together(std::move(ended));
}

std::optional<std::uint64_t> AuditAssembler::oldest_open() const noexcept {
  std::optional<std::uint64_t> oldest;
  for (const auto& [serial, group] : groups_) oldest = std::min(oldest.value_or(group.place), group.place);
  for (const auto& ready : ready_) oldest = std::min(oldest.value_or(ready.group->place), ready.group->place);
  return oldest;
}

void AuditAssembler::finish() {
  while (!groups_.empty()) end_group(groups_.begin());
}

void AuditAssembler::put_together(AuditGroup group) {
  if (!group.has_syscall) return;
  const bool executed = !group.args.empty() || group.syscall == "execve" || group.syscall == "execveat";
  const auto shared = std::make_shared<const AuditGroup>(std::move(group));
  const auto& g = *shared;
  const auto ready = [&](Kind kind, std::size_t path) {
    Ready r{.kind = kind, .path = path, .group = shared};
    if (const auto* parent = processes_.find(g.parent)) {
      r.parent = *parent;
      r.parent_known = true;
    }
    if (executed) r.command_line = g.args.empty() ? g.proctitle : joined(g.args);
    else if (const auto* self = processes_.find(g.pid)) r.command_line = self->command_line;
    if (r.command_line.empty()) r.command_line = g.proctitle;
    ready_.push_back(std::move(r));
  };
  // A failed execve started nothing (shells try every directory of PATH); its records are there for who asks.
  if (executed && g.success != "no") ready(Kind::process, 0);
  if (g.syscall == "connect" && g.socket.address && g.socket.port != 0) ready(Kind::network, 0);
  if (g.success != "no")
    for (std::size_t i = 0; i < g.paths.size(); ++i) {
      const auto& path = g.paths[i];
      if (path.name.empty()) continue;  // what a stacked file system did below
      if (path.nametype == "CREATE") ready(Kind::file_created, i);
      // rename() over an existing file deletes and creates one name: it was created anew.
      const auto again = [&](const AuditGroup::Path& p) { return p.nametype == "CREATE" && p.name == path.name; };
      if (path.nametype == "DELETE" && std::ranges::none_of(g.paths, again)) ready(Kind::file_deleted, i);
    }
  if (g.pid == 0) return;
  auto& self = processes_.touch(g.pid);
  self.parent = g.parent;
  if (!g.exe.empty()) self.executable = g.exe;
  if (executed && g.success != "no") self.command_line = g.args.empty() ? g.proctitle : joined(g.args);
  else if (self.command_line.empty()) self.command_line = g.proctitle;
}

bool AuditAssembler::next(EventBuilder& builder, EventHeader& header) {
  if (ready_.empty()) return false;
  build(ready_.front(), builder, header);
  ready_.pop_front();
  return true;
}

void AuditAssembler::build(const Ready& ready, EventBuilder& b, EventHeader& header) const {
  const auto& g = *ready.group;
  header.observed = g.time;
  const std::array<std::uint64_t, 4> seed{g.first.high, g.first.low, static_cast<std::uint64_t>(ready.kind),
                                          ready.path};
  header.id = hash128(Bytes(reinterpret_cast<const std::uint8_t*>(seed.data()), sizeof(seed)));
  set_actor(g, b);
  std::string executable = g.exe;
  if (ready.kind == Kind::process && executable.empty()) {
    if (!g.paths.empty() && !g.paths[0].name.empty()) executable = absolute(g.paths[0].name, g.cwd);
    else if (!g.args.empty()) executable = absolute(g.args[0], g.cwd);
  }
  set_text(b, field::process_executable, executable);
  set_text(b, field::process_name, base_name(executable));
  set_text(b, field::process_command_line, ready.command_line);
  set_text(b, field::process_title, g.proctitle);
  set_text(b, field::process_working_directory, g.cwd);
  if (ready.parent_known) {
    set_text(b, field::process_parent_executable, ready.parent.executable);
    set_text(b, field::process_parent_name, base_name(ready.parent.executable));
    set_text(b, field::process_parent_command_line, ready.parent.command_line);
  }
  b.set(field::event_module, "auditd");
  switch (ready.kind) {
    case Kind::process: return build_process(g, b, header);
    case Kind::network: return build_network(g, b, header);
    default: return build_file(ready, b, header);
  }
}

void AuditAssembler::build_process(const AuditGroup& g, EventBuilder& b, EventHeader& header) {
  header.event_class = EventClass::process;
  header.dataset = "auditd.process";
  const std::vector<std::string_view> args(g.args.begin(), g.args.end());
  if (!args.empty()) b.set_list(field::process_args, args);
  b.set(field::event_category, "process");
  b.set(field::event_action, "executed");
  b.set(field::event_type, "start");
}

void AuditAssembler::build_network(const AuditGroup& g, EventBuilder& b, EventHeader& header) {
  constexpr std::int64_t in_progress = -115;
  header.event_class = EventClass::network;
  header.dataset = "auditd.network";
  b.set(field::destination_ip, g.socket.address);
  b.set(field::destination_port, std::uint64_t{g.socket.port});
  b.set(field::network_direction, "outbound");
  b.set(field::event_category, "network");
  b.set(field::event_action, "connected");
  if (g.success == "no" && g.exit == in_progress) b.set(field::event_outcome, "unknown");
}

void AuditAssembler::build_file(const Ready& ready, EventBuilder& b, EventHeader& header) {
  const auto& g = *ready.group;
  const auto& path = g.paths[ready.path];
  const auto full = absolute(path.name, g.cwd);
  const auto name = base_name(full);
  header.event_class = EventClass::file;
  header.dataset = "auditd.file";
  set_text(b, field::file_path, full);
  set_text(b, field::file_name, name);
  if (name.size() < full.size()) set_text(b, field::file_directory, full.substr(0, full.size() - name.size() - 1));
  const auto dot = name.rfind('.');
  if (dot != npos && dot != 0) set_text(b, field::file_extension, name.substr(dot + 1));
  set_text(b, field::file_inode, path.inode);
  set_text(b, field::file_mode, path.mode);
  set_text(b, field::file_owner, path.owner);
  b.set(field::event_category, "file");
  b.set(field::event_action, ready.kind == Kind::file_created ? "created" : "deleted");
  b.set(field::event_type, ready.kind == Kind::file_created ? "creation" : "deletion");
}

}  // namespace tocsin::collectors
