#include "responders/action/firewall/ruleset.h"

#include <netinet/in.h>

#include <fmt/format.h>
#include <algorithm>

#include <boost/json.hpp>

namespace tocsin::responders {
namespace {

namespace json = boost::json;

// The kernel keeps 128 bytes of a comment, ours begins with seven.
constexpr std::size_t comment_most = 120;

// Before the usual filter priority 0, so that no other table's accept is asked first; conntrack state is not looked
// at, so connections that exist already stop too.
constexpr std::string_view foundation = R"(add table inet tocsin
add set inet tocsin blocked4 { type ipv4_addr; flags timeout; size 65535; }
add set inet tocsin blocked6 { type ipv6_addr; flags timeout; size 65535; }
add set inet tocsin blocked4_net { type ipv4_addr; flags interval, timeout; size 65535; }
add set inet tocsin blocked6_net { type ipv6_addr; flags interval, timeout; size 65535; }
add set inet tocsin blocked_ports { type inet_proto . inet_service; flags timeout; size 4096; }
add set inet tocsin isolated { type nf_proto; flags timeout; }
add set inet tocsin management4 { type ipv4_addr; flags interval, timeout; size 256; }
add set inet tocsin management6 { type ipv6_addr; flags interval, timeout; size 256; }
add chain inet tocsin arriving { type filter hook prerouting priority -150; policy accept; }
add chain inet tocsin leaving { type filter hook output priority -150; policy accept; }
add chain inet tocsin passing { type filter hook forward priority -150; policy accept; }
add chain inet tocsin alone_in
add chain inet tocsin alone_out
flush chain inet tocsin arriving
flush chain inet tocsin leaving
flush chain inet tocsin passing
flush chain inet tocsin alone_in
flush chain inet tocsin alone_out
)";

// What a host that is isolated keeps: itself, the management path, its lease and its neighbours' link addresses.
constexpr std::string_view isolation_rules = R"(add rule inet tocsin alone_in iif "lo" accept
add rule inet tocsin alone_in ip saddr @management4 accept
add rule inet tocsin alone_in ip6 saddr @management6 accept
add rule inet tocsin alone_in udp sport 67 udp dport 68 accept
add rule inet tocsin alone_in udp sport 547 udp dport 546 accept
add rule inet tocsin alone_in icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept
add rule inet tocsin alone_in drop
add rule inet tocsin alone_out oif "lo" accept
add rule inet tocsin alone_out ip daddr @management4 accept
add rule inet tocsin alone_out ip6 daddr @management6 accept
add rule inet tocsin alone_out udp sport 68 udp dport 67 accept
add rule inet tocsin alone_out udp sport 546 udp dport 547 accept
add rule inet tocsin alone_out icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept
add rule inet tocsin alone_out drop
add rule inet tocsin arriving meta nfproto @isolated jump alone_in
add rule inet tocsin leaving meta nfproto @isolated jump alone_out
add rule inet tocsin passing meta nfproto @isolated drop
)";

std::string limit_sets() {
  std::string out;
  for (const std::string_view rate : limit_rates)
    for (const char family : {'4', '6'}) {
      out +=
          fmt::format("add set inet tocsin limited{}_{} {{ type ipv{}_addr; flags interval, timeout; size 65535; }}\n",
                      family, rate, family);
      out += fmt::format(
          "add set inet tocsin meter{}_{} {{ type ipv{}_addr; flags dynamic, timeout; timeout 1m; size 65535; }}\n",
          family, rate, family);
    }
  return out;
}

std::string rules() {
  std::string out;
  for (const auto* set : {"blocked4", "blocked4_net", "blocked6", "blocked6_net"}) {
    const char* family = set[7] == '4' ? "ip" : "ip6";
    out += fmt::format("add rule inet tocsin arriving {} saddr @{} drop\n", family, set);
    out += fmt::format("add rule inet tocsin leaving {} daddr @{} drop\n", family, set);
    out += fmt::format("add rule inet tocsin passing {} daddr @{} drop\n", family, set);
  }
  // The ports of this host, not those of hosts behind it.
  out += "add rule inet tocsin arriving fib daddr type local meta l4proto . th dport @blocked_ports drop\n";
  for (const std::string_view rate : limit_rates)
    for (const char family : {'4', '6'}) {
      const char* header = family == '4' ? "ip" : "ip6";
      out += fmt::format(
          "add rule inet tocsin arriving {0} saddr @limited{1}_{2} update @meter{1}_{2} {{ {0} saddr limit rate over "
          "{2}/second burst {2} packets }} drop\n",
          header, family, rate);
    }
  out += isolation_rules;
  return out;
}

bool is_single(const Network& network) noexcept { return network.prefix == (network.base.is_v4() ? 32 : 128); }

std::string element_text(const Network& network) {
  return is_single(network) ? render_address(network.base) : render_network(network);
}

std::optional<Network> parse_value(const json::value& value) {
  if (const auto* text = value.if_string()) return parse_network(std::string_view(*text), HostBits::clear);
  const auto* object = value.if_object();
  const auto* prefix = object == nullptr ? nullptr : object->if_contains("prefix");
  if (prefix == nullptr || !prefix->is_object()) return std::nullopt;
  const auto* address = prefix->get_object().if_contains("addr");
  const auto* length = prefix->get_object().if_contains("len");
  if (address == nullptr || length == nullptr || !address->is_string() || !length->is_int64()) return std::nullopt;
  return parse_network(fmt::format("{}/{}", std::string_view(address->get_string()), length->get_int64()),
                       HostBits::clear);
}

// As port_element writes it.
std::string protocol_text(std::int64_t number) {
  if (number == IPPROTO_TCP) return "tcp";
  if (number == IPPROTO_UDP) return "udp";
  return std::to_string(number);
}

// "ipv4", or the parts of a concatenation, of which the first may be a protocol: "tcp . 22".
std::optional<std::string> parse_other(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(std::string_view(*text));
  if (value.is_int64()) return std::to_string(value.get_int64());
  const auto* object = value.if_object();
  const auto* parts = object == nullptr ? nullptr : object->if_contains("concat");
  if (parts == nullptr || !parts->is_array()) return std::nullopt;
  std::string out;
  for (const json::value& part : parts->get_array()) {
    if (!part.is_string() && !part.is_int64()) return std::nullopt;
    const bool first = out.empty();
    if (!first) out += " . ";
    if (part.is_string()) out += std::string_view(part.get_string());
    else out += first ? protocol_text(part.get_int64()) : std::to_string(part.get_int64());
  }
  return out;
}

void read_element(const json::value& item, std::vector<BlockedElement>& out) {
  const json::value* inner = &item;
  if (const auto* object = item.if_object())
    if (const auto* elem = object->if_contains("elem")) inner = elem;
  const auto* object = inner->if_object();
  const json::value* value = object != nullptr && object->contains("val") ? object->if_contains("val") : inner;
  const auto network = parse_value(*value);
  const auto text = network ? element_text(*network) : parse_other(*value);
  if (!text) return;
  BlockedElement& element = out.emplace_back();
  element.text = *text;
  element.network = network;
  if (object == nullptr) return;
  const auto seconds = [&](const char* name) {
    const auto* number = object->if_contains(name);
    return std::chrono::seconds(number != nullptr && number->is_int64() ? number->get_int64() : 0);
  };
  element.timeout = seconds("timeout");
  element.expires = seconds("expires");
  if (const auto* comment = object->if_contains("comment"); comment != nullptr && comment->is_string())
    element.comment = std::string(std::string_view(comment->get_string()));
}

Result<json::array> parse_list(std::string_view text) {
  boost::system::error_code problem;
  json::value root = json::parse(json::string_view(text.data(), text.size()), problem);
  auto* top = problem ? nullptr : root.if_object();
  auto* list = top == nullptr ? nullptr : top->if_contains("nftables");
  if (list == nullptr || !list->is_array()) return fail(Code::invalid, "the answer of nftables is not understood");
  return std::move(list->get_array());
}

}  // namespace

std::string_view set_of(const Network& network) noexcept {
  if (network.base.is_v4()) return is_single(network) ? "blocked4" : "blocked4_net";
  return is_single(network) ? "blocked6" : "blocked6_net";
}

SetElement blocked_element(const Network& network) { return {std::string(set_of(network)), element_text(network)}; }

SetElement limited_element(const Network& network, std::string_view rate) {
  return {fmt::format("limited{}_{}", network.base.is_v4() ? '4' : '6', rate), element_text(network)};
}

SetElement port_element(std::string_view protocol, std::uint64_t port) {
  return {"blocked_ports", fmt::format("{} . {}", protocol, port)};
}

std::vector<SetElement> isolation_elements(std::span<const Network> management) {
  std::vector<SetElement> out{{"isolated", "ipv4"}, {"isolated", "ipv6"}};
  for (const Network& network : management)
    // Intervals of one set must not overlap: the wider one says it all.
    if (std::none_of(management.begin(), management.end(), [&](const Network& other) {
          return &other != &network && other.overlaps(network) &&
                 (other.prefix < network.prefix || (other.prefix == network.prefix && &other < &network));
        }))
      out.push_back({network.base.is_v4() ? "management4" : "management6", element_text(network)});
  return out;
}

std::string put_transaction(std::span<const SetElement> elements, std::chrono::seconds timeout, std::string_view key) {
  std::string out;
  // The first add makes the delete safe when the element is not there; all of it is one transaction.
  for (const auto& [set, element] : elements)
    out += fmt::format(
        "add element inet tocsin {} {{ {} timeout {}s }}\n"
        "delete element inet tocsin {} {{ {} }}\n"
        "add element inet tocsin {} {{ {} timeout {}s comment \"tocsin {}\" }}\n",
        set, element, timeout.count(), set, element, set, element, timeout.count(), key.substr(0, comment_most));
  return out;
}

std::string remove_transaction(const SetElement& element) {
  return fmt::format("delete element inet tocsin {} {{ {} }}\n", element.set, element.element);
}

std::string get_command(const SetElement& element) {
  return fmt::format("get element inet tocsin {} {{ {} }}\n", element.set, element.element);
}

std::string list_command(std::string_view set) { return fmt::format("list set inet tocsin {}\n", set); }

std::string foundation_transaction() { return std::string(foundation) + limit_sets() + rules(); }

std::size_t rules_expected() {
  static const std::size_t count = [] {
    const std::string text = rules();
    std::size_t out = 0;
    for (std::size_t at = text.find("add rule "); at != std::string::npos; at = text.find("add rule ", at + 1)) ++out;
    return out;
  }();
  return count;
}

std::string table_command() { return "list table inet tocsin\n"; }

Result<std::size_t> count_rules(std::string_view text) {
  TOCSIN_TRY(const json::array list, parse_list(text));
  return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), [](const json::value& item) {
    return item.is_object() && item.get_object().contains("rule");
  }));
}

Result<std::vector<BlockedElement>> parse_elements(std::string_view text) {
  TOCSIN_TRY(const json::array list, parse_list(text));
  std::vector<BlockedElement> out;
  for (const json::value& item : list) {
    const auto* object = item.if_object();
    const auto* set = object == nullptr ? nullptr : object->if_contains("set");
    if (set == nullptr || !set->is_object()) continue;
    const auto* elements = set->get_object().if_contains("elem");
    if (elements == nullptr || !elements->is_array()) continue;
    for (const json::value& element : elements->get_array()) read_element(element, out);
  }
  return out;
}

}  // namespace tocsin::responders
