#pragma once
// One DCE/RPC call: what was asked and what came back, fragments put together. Part of a transaction, of DCE/RPC itself
// or of SMB whose named pipes carry the same units.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "collectors/base/json.h"
#include "collectors/packet/buffer.h"
#include "collectors/packet/packet.h"
#include "collectors/packet/protocol/dcerpc/pdu.h"

namespace tocsin::collectors {

// What a connection has bound itself to. Shared by the calls made under it.
struct DcerpcBinding {
  std::vector<DcerpcInterface> interfaces;
  // Kept for rules: UUID and, little-endian, both parts of the version.
  std::vector<std::array<std::uint8_t, 20>> accepted;

  void answer(const std::vector<DcerpcResult>& results);
};

// Suricata's records leave out why an interface was refused; those of SMB show a zero in its place.
enum class DcerpcReasons : std::uint8_t { none, zero };

struct DcerpcCall {
  static constexpr std::size_t stub_most = 1U << 20;  // kept per direction

  std::uint32_t call_id = 0;
  bool little = true;
  bool head_in_stub = false;  // of answers: as Suricata has it over TCP, offsets of rules count from the body's head
  bool has_request = false;
  bool has_response = false;
  std::uint8_t request_type = 0;
  std::uint8_t response_type = 0;
  std::uint16_t opnum = 0;
  std::uint16_t context = 0;
  std::array<std::uint32_t, 2> fragments{};
  std::array<std::uint64_t, 2> stub_size{};
  std::array<std::vector<std::uint8_t>, 2> stub;
  std::shared_ptr<const DcerpcBinding> binding;

  void add_stub(Direction direction, Bytes bytes);
  bool is_request() const noexcept { return has_request && request_type == dcerpc_type::request; }
  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const;
  // Members `interfaces` as EVE shows them.
  void describe_interfaces(JsonWriter& json, DcerpcReasons reasons) const;
};

// Takes units in order and says what to do with the call: which one it belongs to is the caller's business.
enum class DcerpcStep : std::uint8_t { malformed, open, complete };
DcerpcStep take_request(DcerpcCall& call, const DcerpcHeader& header, Bytes body,
                        std::shared_ptr<DcerpcBinding>& binding);
DcerpcStep take_response(DcerpcCall& call, const DcerpcHeader& header, Bytes body,
                         const std::shared_ptr<DcerpcBinding>& binding);
// That answer may belong to this request.
bool answers(std::uint8_t request, std::uint8_t response) noexcept;

}  // namespace tocsin::collectors
