#pragma once
// What this host says of its own network interfaces. Any thread; nothing is kept.

#include <cstddef>
#include <set>
#include <string>

namespace tocsin::daemon {

// Of all interfaces, as written; empty when they cannot be asked for.
std::set<std::string> own_addresses();
// Of an Ethernet interface: its MTU, the header and two tags, in bytes; 0 when that cannot be asked.
std::size_t longest_frame(const std::string& interface);

}  // namespace tocsin::daemon
