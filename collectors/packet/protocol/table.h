#pragma once
// All application protocols, one constexpr row each, and the buffers of all of them by name and number.

#include <span>
#include <string_view>

#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

std::span<const ProtocolRow> protocol_table() noexcept;
const ProtocolRow* protocol_row(Protocol protocol) noexcept;  // null: known by name only, nobody parses it yet
// Suricata's spelling, as after `app-layer-protocol:` or in a rule header; nothing for an unknown word.
std::optional<Protocol> find_protocol(std::string_view name) noexcept;

// A name may belong to buffers of several protocols or sides (file.data): all its rows.
const BufferRow* find_buffer(std::string_view name) noexcept;
const BufferRow* buffer_row(Buffer buffer) noexcept;
std::span<const std::span<const BufferRow>> buffer_tables() noexcept;

}  // namespace tocsin::collectors
