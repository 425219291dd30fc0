#include "responders/action/network_block_address/ruleset.h"

#include <fmt/format.h>
#include <algorithm>

#include <boost/json.hpp>

namespace tocsin::responders {
namespace {

namespace json = boost::json;

// Before the usual filter priority 0, so that no other table's accept is asked first; conntrack state is not looked
// at, so connections that exist already stop too.
constexpr std::string_view foundation = R"(add table inet tocsin
add set inet tocsin blocked4 { type ipv4_addr; flags timeout; size 65535; }
add set inet tocsin blocked6 { type ipv6_addr; flags timeout; size 65535; }
add set inet tocsin blocked4_net { type ipv4_addr; flags interval, timeout; size 65535; }
add set inet tocsin blocked6_net { type ipv6_addr; flags interval, timeout; size 65535; }
add chain inet tocsin arriving { type filter hook prerouting priority -150; policy accept; }
add chain inet tocsin leaving { type filter hook output priority -150; policy accept; }
add chain inet tocsin passing { type filter hook forward priority -150; policy accept; }
flush chain inet tocsin arriving
flush chain inet tocsin leaving
flush chain inet tocsin passing
)";

std::string rules() {
  std::string out;
  for (const auto* set : {"blocked4", "blocked4_net", "blocked6", "blocked6_net"}) {
    const char* family = set[7] == '4' ? "ip" : "ip6";
    out += fmt::format("add rule inet tocsin arriving {} saddr @{} drop\n", family, set);
    out += fmt::format("add rule inet tocsin leaving {} daddr @{} drop\n", family, set);
    out += fmt::format("add rule inet tocsin passing {} daddr @{} drop\n", family, set);
  }
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

void read_element(const json::value& item, std::vector<BlockedElement>& out) {
  const json::value* inner = &item;
  if (const auto* object = item.if_object())
    if (const auto* elem = object->if_contains("elem")) inner = elem;
  const auto* object = inner->if_object();
  const json::value* value = object != nullptr && object->contains("val") ? object->if_contains("val") : inner;
  const auto network = parse_value(*value);
  if (!network) return;
  BlockedElement& element = out.emplace_back();
  element.network = *network;
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

std::string block_transaction(const Network& network, std::chrono::seconds timeout, std::string_view key) {
  const std::string element = element_text(network);
  const std::string_view set = set_of(network);
  // The first add makes the delete safe when the element is not there; all of it is one transaction.
  return fmt::format(
      "add element inet tocsin {} {{ {} timeout {}s }}\n"
      "delete element inet tocsin {} {{ {} }}\n"
      "add element inet tocsin {} {{ {} timeout {}s comment \"tocsin {}\" }}\n",
      set, element, timeout.count(), set, element, set, element, timeout.count(), key);
}

std::string unblock_transaction(const Network& network) {
  return fmt::format("delete element inet tocsin {} {{ {} }}\n", set_of(network), element_text(network));
}

std::string list_command(std::string_view set) { return fmt::format("list set inet tocsin {}\n", set); }

std::string foundation_transaction() { return std::string(foundation) + rules(); }

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
