#pragma once
// The text of nftables transactions and the reading of its JSON answers. Every argument is typed before it becomes
// text here; nothing else ever reaches the parser. Pure.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct BlockedElement {
  std::string text;                // as SetElement::element has it
  std::optional<Network> network;  // of the sets that hold addresses
  std::chrono::seconds timeout{};
  std::chrono::seconds expires{};  // what is left
  std::string comment;             // "tocsin KEY"
};

// One element of one of our sets, as nftables writes it: made from typed values only.
struct SetElement {
  std::string set;
  std::string element;
};

// Which of the four sets: blocked4, blocked6 hold addresses; blocked4_net, blocked6_net hold networks, because an
// address inside a blocked network must still be blockable on its own.
std::string_view set_of(const Network& network) noexcept;
SetElement blocked_element(const Network& network);
// Packets a second that an address may still send us.
inline constexpr std::array<std::string_view, 3> limit_rates{"10", "100", "1000"};
SetElement limited_element(const Network& network, std::string_view rate);  // one of limit_rates
SetElement port_element(std::string_view protocol, std::uint64_t port);     // "tcp" or "udp"
// This host alone, but for `management` and what an address needs to be kept (DHCP, neighbour discovery).
std::vector<SetElement> isolation_elements(std::span<const Network> management);

// Table, sets, chains and rules, made or made right again; what is blocked stays blocked.
std::string foundation_transaction();
// The table, and how many rules its answer must hold for blocking to work.
std::string table_command();
std::size_t rules_expected();
Result<std::size_t> count_rules(std::string_view json);
// One transaction: the elements put in with a fresh time (a timeout cannot be changed, so they are deleted and added).
std::string put_transaction(std::span<const SetElement> elements, std::chrono::seconds timeout, std::string_view key);
std::string remove_transaction(const SetElement& element);
std::string get_command(const SetElement& element);
std::string list_command(std::string_view set);

// The elements of `nft -j list set`. invalid when the answer is not understood.
Result<std::vector<BlockedElement>> parse_elements(std::string_view json);

}  // namespace tocsin::responders
