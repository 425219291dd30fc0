#pragma once
// The text of nftables transactions and the reading of its JSON answers. Every argument is typed before it becomes
// text here; nothing else ever reaches the parser. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct BlockedElement {
  Network network;
  std::chrono::seconds timeout{};
  std::chrono::seconds expires{};  // what is left
  std::string comment;             // "tocsin KEY"
};

// Which of the four sets: blocked4, blocked6 hold addresses; blocked4_net, blocked6_net hold networks, because an
// address inside a blocked network must still be blockable on its own.
std::string_view set_of(const Network& network) noexcept;

// Table, sets, chains and rules, made or made right again; what is blocked stays blocked.
std::string foundation_transaction();
// The table, and how many rules its answer must hold for blocking to work.
std::string table_command();
inline constexpr std::size_t rules_expected = 12;
Result<std::size_t> count_rules(std::string_view json);
// One transaction: the element put in with a fresh time (its timeout cannot be changed, so it is deleted and added).
std::string block_transaction(const Network& network, std::chrono::seconds timeout, std::string_view key);
std::string unblock_transaction(const Network& network);
std::string list_command(std::string_view set);

// The elements of `nft -j list set`. invalid when the answer is not understood.
Result<std::vector<BlockedElement>> parse_elements(std::string_view json);

}  // namespace tocsin::responders
