// DCE/RPC through named pipes.

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/session.h"

namespace tocsin::collectors {

// Without a tree that says so, what looks like a call makes the tree one of pipes.
bool SmbSession::is_pipe(const SmbHeader& header, Bytes data) {
  if (const auto* tree = trees_.find(tree_key(header))) return tree->pipe;
  const auto unit = parse_dcerpc_header(data);
  if (!unit || unit->length > data.size()) return false;
  trees_.put(tree_key(header), Tree{{}, true});
  return true;
}

SmbTransaction* SmbSession::find_call(const SmbHeader& header, std::uint16_t command,
                                      const DcerpcHeader& unit) noexcept {
  const bool answer = header.response;
  // A request and its answer share the message only when one command carries both.
  const bool together = header.version == 2 && command == smb2_command::control;
  for (auto& each : open_) {
    const auto* call = each->as<DcerpcCall>();
    if (call == nullptr || call->call_id != unit.call_id || each->session != header.session) continue;
    if (each->tree != header.tree && !header.asynchronous) continue;
    if (together && each->message != header.message) continue;
    if (answer ? !call->has_request || answers(call->request_type, unit.type) : !each->done[0]) return each.get();
  }
  return nullptr;
}

void SmbSession::pipe_unit(const SmbHeader& header, std::uint16_t command, const DcerpcHeader& unit, Bytes body,
                           ParserOutput& output) {
  const auto direction = header.response ? Direction::to_client : Direction::to_server;
  const bool continues = unit.type == dcerpc_type::request && !unit.first_fragment;
  auto* found = header.response || continues ? find_call(header, command, unit) : nullptr;
  if (found == nullptr) {
    if (continues && !header.response) return;
    found = &open(header, command, output);
    found->detail = DcerpcCall{};
    found->done[0] = header.response;
  }
  auto& call = *found->as<DcerpcCall>();
  const auto step =
      header.response ? take_response(call, unit, body, binding_) : take_request(call, unit, body, binding_);
  if (step == DcerpcStep::malformed) found->events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_data));
  found->done[index(direction)] = step != DcerpcStep::open;
  if (header.response) {
    found->set_status(header);
    if (found->done[1]) found->done[0] = true;
  }
  moved(*found, direction, output);
}

bool SmbSession::pipe_request(const SmbHeader& header, std::uint16_t command, Bytes data, ParserOutput& output) {
  bool any = false;
  while (const auto unit = parse_dcerpc_header(data)) {
    any = true;
    const std::size_t size = std::min<std::size_t>(unit->length, data.size());
    pipe_unit(header, command, *unit, data.subspan(DcerpcHeader::size, size - DcerpcHeader::size), output);
    data = data.subspan(size);
  }
  return any;
}

bool SmbSession::pipe_response(const SmbHeader& header, std::uint16_t command, const SmbFileId& file, Bytes data,
                               ParserOutput& output) {
  std::vector<std::uint8_t> joined;
  if (auto before = pipe_parts_.take(file)) {
    joined = std::move(*before);
    if (joined.size() < options_.message_most) joined.insert(joined.end(), data.begin(), data.end());
    data = joined;
  }
  auto unit = parse_dcerpc_header(data);
  if (!unit) return false;
  if (header.status == smb_status::buffer_overflow && unit->length > data.size()) {
    pipe_parts_.put(file, std::vector<std::uint8_t>(data.begin(), data.end()));
    return true;
  }
  for (; unit; unit = parse_dcerpc_header(data)) {
    const std::size_t size = std::min<std::size_t>(unit->length, data.size());
    pipe_unit(header, command, *unit, data.subspan(DcerpcHeader::size, size - DcerpcHeader::size), output);
    data = data.subspan(size);
  }
  return true;
}

}  // namespace tocsin::collectors
