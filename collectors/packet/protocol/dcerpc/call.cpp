#include "collectors/packet/protocol/dcerpc/call.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin::collectors {

void DcerpcBinding::answer(const std::vector<DcerpcResult>& results) {
  for (std::size_t i = 0; i < std::min(interfaces.size(), results.size()); ++i) {
    auto& item = interfaces[i];
    item.acknowledged = true;
    item.result = results[i].result;
    item.reason = results[i].reason;
    if (item.result != 0) continue;
    auto& kept = accepted.emplace_back();
    std::ranges::copy(item.uuid, kept.begin());
    kept[16] = static_cast<std::uint8_t>(item.version);
    kept[17] = static_cast<std::uint8_t>(item.version >> 8);
    kept[18] = static_cast<std::uint8_t>(item.version_minor);
    kept[19] = static_cast<std::uint8_t>(item.version_minor >> 8);
  }
}

void DcerpcCall::add_stub(Direction direction, Bytes bytes) {
  const auto side = index(direction);
  ++fragments[side];
  stub_size[side] += bytes.size();
  auto& kept = stub[side];
  if (kept.size() >= stub_most) return;
  const std::size_t count = std::min(bytes.size(), stub_most - kept.size());
  kept.insert(kept.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

std::optional<Bytes> DcerpcCall::buffer(Buffer buffer, Direction direction, std::uint32_t at) const {
  if (buffer == Buffer::dcerpc_stub_data) {
    const auto& bytes = stub[index(direction)];
    return at == 0 && !bytes.empty() ? std::optional<Bytes>(bytes) : std::nullopt;
  }
  if (buffer != Buffer::dcerpc_iface || !is_request() || binding == nullptr) return std::nullopt;
  return at < binding->accepted.size() ? std::optional<Bytes>(binding->accepted[at]) : std::nullopt;
}

std::optional<std::uint64_t> DcerpcCall::number_of(Buffer buffer, Direction, std::uint32_t at) const {
  if (at != 0) return std::nullopt;
  if (buffer == Buffer::dcerpc_little) return little ? 1 : 0;
  if (buffer == Buffer::dcerpc_opnum && is_request()) return opnum;
  return std::nullopt;
}

void DcerpcCall::describe_interfaces(JsonWriter& json, DcerpcReasons reasons) const {
  if (binding == nullptr) return;
  const bool of_request = is_request();
  bool any = false;
  for (const auto& item : binding->interfaces) {
    if (of_request && item.context != context) continue;
    if (!any) json.key("interfaces").begin_array();
    any = true;
    json.begin_object().member("uuid", render_uuid(item.uuid));
    json.member("version", fmt::format("{}.{}", item.version, item.version_minor));
    if (!of_request && item.acknowledged) {
      json.member("ack_result", item.result);
      if (reasons == DcerpcReasons::zero) json.member("ack_reason", 0);
    }
    json.end_object();
  }
  if (any) json.end_array();
}

bool answers(std::uint8_t request, std::uint8_t response) noexcept {
  using namespace dcerpc_type;
  switch (response) {
    case bind_ack:
    case bind_nak: return request == bind;
    case alter_context_response: return request == alter_context;
    case dcerpc_type::response: return request == dcerpc_type::request;
    default: return request != auth3;
  }
}

DcerpcStep take_request(DcerpcCall& call, const DcerpcHeader& header, Bytes body,
                        std::shared_ptr<DcerpcBinding>& binding) {
  const bool fresh = !call.has_request;
  if (fresh) {
    call.has_request = true;
    call.request_type = header.type;
    call.call_id = header.call_id;
    call.little = header.little;
  }
  switch (header.type) {
    case dcerpc_type::request: {
      const auto request = parse_dcerpc_request(header, body);
      if (!request) return DcerpcStep::malformed;
      if (fresh) {
        call.opnum = request->opnum;
        call.context = request->context;
        call.binding = binding;
      }
      call.add_stub(Direction::to_server, request->stub);
      return header.last_fragment ? DcerpcStep::complete : DcerpcStep::open;
    }
    case dcerpc_type::bind:
    case dcerpc_type::alter_context: {
      auto interfaces = parse_dcerpc_bind(body, header.little);
      if (!interfaces) return DcerpcStep::malformed;
      // What was bound before stays bound when the context is altered.
      auto next = std::make_shared<DcerpcBinding>();
      static constexpr std::size_t interfaces_most = 1024;
      if (header.type == dcerpc_type::alter_context && binding != nullptr && binding->accepted.size() < interfaces_most)
        next->accepted = binding->accepted;
      next->interfaces = std::move(*interfaces);
      binding = std::move(next);
      call.binding = binding;
      return DcerpcStep::complete;
    }
    default: return DcerpcStep::complete;
  }
}

DcerpcStep take_response(DcerpcCall& call, const DcerpcHeader& header, Bytes body,
                         const std::shared_ptr<DcerpcBinding>& binding) {
  call.call_id = header.call_id;
  call.has_response = true;
  call.response_type = header.type;
  switch (header.type) {
    case dcerpc_type::response: {
      const auto stub = parse_dcerpc_response(body);
      if (!stub) return DcerpcStep::malformed;
      call.add_stub(Direction::to_client, call.head_in_stub ? body : *stub);
      return header.last_fragment ? DcerpcStep::complete : DcerpcStep::open;
    }
    case dcerpc_type::bind_ack:
    case dcerpc_type::alter_context_response: {
      const auto results = parse_dcerpc_bind_ack(body, header.little);
      if (!results) return DcerpcStep::malformed;
      if (binding != nullptr && call.binding == binding) binding->answer(*results);
      return DcerpcStep::complete;
    }
    default: return DcerpcStep::complete;
  }
}

}  // namespace tocsin::collectors
