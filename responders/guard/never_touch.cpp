#include "responders/guard/never_touch.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"
#include "responders/action/network_kill_flow/socket_diagnosis.h"
#include "responders/guard/targets.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t file_bytes_most = 8U << 20U;

// The beginning will do when it is larger.
std::optional<std::string> read_file(const std::string& path) {
  const OwnedDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file ? read_all(file.get(), file_bytes_most) : std::nullopt;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < line.size();) {
    while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
    const std::size_t start = i;
    while (i < line.size() && line[i] != ' ' && line[i] != '\t') ++i;
    if (i != start) out.push_back(line.substr(start, i - start));
  }
  return out;
}

// The kernel prints addresses as words in host order: bytes of each 32-bit word are reversed on this machine.
std::optional<IpAddress> parse_proc_address(std::string_view hex) {
  const auto bytes = parse_hex(hex);
  if (!bytes || (bytes->size() != 4 && bytes->size() != 16)) return std::nullopt;
  std::vector<std::uint8_t> network(*bytes);
  for (std::size_t i = 0; i < network.size(); i += 4)
    std::reverse(network.begin() + static_cast<std::ptrdiff_t>(i),
                 network.begin() + static_cast<std::ptrdiff_t>(i + 4));
  return network.size() == 4 ? IpAddress::v4(Bytes(network)) : IpAddress::v6(Bytes(network)).unmapped();
}

Network single(const IpAddress& address) { return {address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)}; }

std::optional<IpAddress> address_of(const sockaddr* socket_address) {
  if (socket_address == nullptr) return std::nullopt;
  if (socket_address->sa_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(socket_address);
    return IpAddress::v4(ntohl(in->sin_addr.s_addr));
  }
  if (socket_address->sa_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(socket_address);
    return IpAddress::v6(Bytes(in->sin6_addr.s6_addr, 16));
  }
  return std::nullopt;
}

Result<void> add_own_addresses(std::vector<ProtectedNetwork>& out) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return fail_errno("cannot ask the kernel for this host's addresses", errno);
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (const auto own = address_of(item->ifa_addr))
      out.push_back({single(*own), fmt::format("own address on {}", item->ifa_name)});
    if ((item->ifa_flags & 0x2U) != 0)  // IFF_BROADCAST
      if (const auto broadcast = address_of(item->ifa_broadaddr); broadcast && broadcast->is_v4())
        out.push_back({single(*broadcast), fmt::format("broadcast address on {}", item->ifa_name)});
  }
  ::freeifaddrs(list);
  return {};
}

void add(std::vector<ProtectedNetwork>& out, const std::vector<IpAddress>& addresses, const std::string& reason) {
  for (const IpAddress& address : addresses) out.push_back({single(address), reason});
}

}  // namespace

std::vector<IpAddress> parse_gateways_v4(std::string_view route) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(route, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 8 || fields[1] != "00000000" || fields[7] != "00000000") continue;
    if (const auto gateway = parse_proc_address(fields[2]); gateway && gateway->v4_host_order() != 0)
      out.push_back(*gateway);
  }
  return out;
}

std::vector<IpAddress> parse_gateways_v6(std::string_view route) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(route, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 5 || fields[0] != std::string(32, '0') || fields[1] != "00") continue;
    // Here the bytes are in network order.
    const auto bytes = parse_hex(fields[4]);
    if (!bytes || bytes->size() != 16 || std::all_of(bytes->begin(), bytes->end(), [](auto b) { return b == 0; }))
      continue;
    out.push_back(IpAddress::v6(Bytes(*bytes)));
  }
  return out;
}

std::vector<IpAddress> parse_resolvers(std::string_view resolv_conf) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(resolv_conf, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 2 || fields[0] != "nameserver") continue;
    if (const auto address = parse_address(fields[1].substr(0, fields[1].find('%')))) out.push_back(*address);
  }
  return out;
}

std::vector<IpAddress> parse_peers(std::string_view tcp, const std::vector<std::uint16_t>& ports) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(tcp, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 4 || fields[3] != "01") continue;  // ESTABLISHED
    const std::size_t colon = fields[1].find(':');
    if (colon == std::string_view::npos) continue;
    const auto port = parse_hex(fields[1].substr(colon + 1));
    if (!port || port->size() != 2) continue;
    const auto number = static_cast<std::uint16_t>((*port)[0] << 8U | (*port)[1]);
    if (std::find(ports.begin(), ports.end(), number) == ports.end()) continue;
    if (const auto peer = parse_proc_address(fields[2].substr(0, fields[2].find(':')))) out.push_back(*peer);
  }
  return out;
}

std::vector<IpAddress> parse_servers(std::string_view udp, std::uint16_t port) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(udp, '\n')) {
    const auto fields = words(line);
    if (fields.size() < 3) continue;
    const std::size_t colon = fields[2].find(':');
    const auto remote = colon == std::string_view::npos ? std::nullopt : parse_hex(fields[2].substr(colon + 1));
    if (!remote || remote->size() != 2 || ((*remote)[0] << 8U | (*remote)[1]) != port) continue;
    if (const auto server = parse_proc_address(fields[2].substr(0, colon))) out.push_back(*server);
  }
  return out;
}

std::vector<IpAddress> parse_lease(std::string_view lease) {
  std::vector<IpAddress> out;
  for (const std::string_view line : split(lease, '\n')) {
    std::string_view text = trim(line);
    for (const std::string_view mark : {"SERVER_ADDRESS=", "option dhcp-server-identifier ", "dhcp_server_identifier="})
      if (text.starts_with(mark)) {
        text.remove_prefix(mark.size());
        if (text.ends_with(';')) text.remove_suffix(1);
        if (const auto server = parse_address(text)) out.push_back(*server);
        break;
      }
  }
  return out;
}

namespace {

std::vector<IpAddress> lease_servers() {
  std::vector<IpAddress> out;
  constexpr std::size_t files_most = 256;
  std::size_t files = 0;
  for (const char* path :
       {"/run/systemd/netif/leases", "/var/lib/dhcp", "/var/lib/NetworkManager", "/var/lib/dhclient"}) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path), &::closedir);
    if (folder == nullptr) continue;
    while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
      if (entry->d_type != DT_REG || ++files > files_most) continue;
      for (const IpAddress& server : parse_lease(read_file(fmt::format("{}/{}", path, entry->d_name)).value_or("")))
        out.push_back(server);
    }
  }
  return out;
}

}  // namespace

namespace {

// Asked of the kernel directly; where that is not there, its text is read, which takes four times as long.
Result<std::vector<IpAddress>> operator_addresses(const std::vector<std::uint16_t>& ports) {
  constexpr std::size_t operators_most = 65'536;
  const auto connections = list_connections(
      [&](const TcpConnection& connection) {
        return std::find(ports.begin(), ports.end(), connection.local_port) != ports.end();
      },
      operators_most);
  std::vector<IpAddress> out;
  if (connections) {
    for (const TcpConnection& connection : *connections) out.push_back(connection.remote);
    return out;
  }
  const auto sessions = read_file("/proc/self/net/tcp");
  if (!sessions) return fail(Code::unreachable, "cannot read /proc/net: who is connected is unknown");
  out = parse_peers(*sessions, ports);
  for (const IpAddress& peer : parse_peers(read_file("/proc/self/net/tcp6").value_or(""), ports)) out.push_back(peer);
  return out;
}

}  // namespace

Result<std::vector<ProtectedNetwork>> SystemFacts::protected_networks(const Policy& policy) {
  std::vector<ProtectedNetwork> out;
  TOCSIN_CHECK(add_own_addresses(out));
  const auto route = read_file("/proc/self/net/route");
  if (!route) return fail(Code::unreachable, "cannot read /proc/net: the gateway is unknown");
  add(out, parse_gateways_v4(*route), "default gateway");
  add(out, parse_gateways_v6(read_file("/proc/self/net/ipv6_route").value_or("")), "default gateway");
  // The second names the true resolvers behind a local stub.
  for (const auto* path : {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"})
    add(out, parse_resolvers(read_file(path).value_or("")), "resolver");
  for (const auto* path : {"/proc/self/net/udp", "/proc/self/net/udp6"}) {
    const std::string sockets = read_file(path).value_or("");
    constexpr std::uint16_t ntp = 123;
    constexpr std::uint16_t dhcp = 67;
    add(out, parse_servers(sockets, ntp), "time server");
    add(out, parse_servers(sockets, dhcp), "DHCP server");
  }
  add(out, lease_servers(), "DHCP server");
  for (const Network& network : policy.isolation.management) out.push_back({network, "management network"});
  for (const Endpoint& endpoint : policy.isolation.proof)
    out.push_back({single(endpoint.address), "management endpoint"});
  TOCSIN_TRY(const std::vector<IpAddress> operators, operator_addresses(policy.management_ports));
  add(out, operators, "operator connected to a management port");
  return out;
}

std::vector<std::string> SystemFacts::protected_targets(const Policy& policy, const ActionSpec& spec,
                                                        const Parameters& parameters, int asker) {
  return responders::protected_targets(policy, spec, parameters, asker);
}

std::vector<IpAddress> SystemFacts::login_addresses(int pid) {
  std::vector<IpAddress> out;
  // The shell of a remote login is a few parents away from the program that talks to us.
  for (int depth = 0; depth < 16 && pid > 1; ++depth) {
    const std::string environment = read_file(fmt::format("/proc/{}/environ", pid)).value_or("");
    for (const std::string_view entry : split(environment, '\0')) {
      if (!entry.starts_with("SSH_CONNECTION=") && !entry.starts_with("SSH_CLIENT=")) continue;
      const auto fields = words(entry.substr(entry.find('=') + 1));
      if (fields.empty()) continue;
      if (const auto address = parse_address(fields[0].substr(0, fields[0].find('%'))))
        out.push_back(address->unmapped());
    }
    const std::string status = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
    const std::size_t name_end = status.rfind(')');
    if (name_end == std::string::npos) break;
    const auto fields = words(std::string_view(status).substr(name_end + 1));
    const auto parent = fields.size() > 1 ? parse_unsigned(fields[1]) : std::nullopt;
    if (!parent) break;
    pid = static_cast<int>(*parent);
  }
  return out;
}

}  // namespace tocsin::responders
