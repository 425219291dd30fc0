#include "collectors/packet/protocol/dcerpc/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_dcerpc_factory(const PacketOptions& options, FieldNames& names) {
  return stream_factory_of<DcerpcParser>(std::cref(options.dcerpc), DcerpcFields(names));
}

Probe probe_dcerpc(const ProbeInput& input) {
  const Bytes b = input.bytes;
  if (!input.stream) {
    const auto datagram = parse_dcerpc_datagram(b);
    if (!datagram) return Probe::no;
    const bool turned = input.beginning_unseen && is_dcerpc_answer(datagram->type);
    return turned && input.direction == Direction::to_server ? Probe::reversed : Probe::yes;
  }
  if (!b.empty() && b[0] != 5) return Probe::no;
  if (b.size() >= 2 && b[1] > 1) return Probe::no;
  if (b.size() >= 3 && b[2] > dcerpc_type::orphaned) return Probe::no;
  if (b.size() < DcerpcHeader::size) return Probe::more;
  const auto header = parse_dcerpc_header(b);
  if (!header) return Probe::no;
  const bool answer = is_dcerpc_answer(header->type);
  if (answer == (input.direction == Direction::to_client)) return Probe::yes;
  return input.beginning_unseen ? Probe::reversed : Probe::no;
}

ParserState DcerpcParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!stream_) return datagram(direction, bytes, output) ? ParserState::more : ParserState::failed;
  auto& partial = partial_[index(direction)];
  if (lost_[index(direction)]) {
    if (!parse_dcerpc_header(bytes)) return ParserState::more;
    lost_[index(direction)] = false;
  }
  while (!bytes.empty()) {
    if (partial.empty() && bytes.size() >= DcerpcHeader::size) {  // whole units are read where they are
      const auto header = parse_dcerpc_header(bytes);
      if (!header) {
        output.event(PacketEvent::dcerpc_malformed);
        return ParserState::failed;
      }
      if (bytes.size() >= header->length) {
        unit(direction, *header, bytes.subspan(DcerpcHeader::size, header->length - DcerpcHeader::size), output);
        bytes = bytes.subspan(header->length);
        continue;
      }
    }
    std::size_t wanted = DcerpcHeader::size;
    if (partial.size() >= DcerpcHeader::size) wanted = parse_dcerpc_header(partial)->length;
    const std::size_t count = std::min(bytes.size(), wanted - partial.size());
    partial.insert(partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (partial.size() < DcerpcHeader::size) continue;
    const auto header = parse_dcerpc_header(partial);
    if (!header) {
      output.event(PacketEvent::dcerpc_malformed);
      return ParserState::failed;
    }
    if (partial.size() < header->length) continue;
    unit(direction, *header, Bytes(partial).subspan(DcerpcHeader::size), output);
    partial.clear();
  }
  return ParserState::more;
}

ParserState DcerpcParser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  partial_[index(direction)].clear();
  lost_[index(direction)] = true;
  return ParserState::more;
}

void DcerpcParser::unit(Direction direction, const DcerpcHeader& header, Bytes body, ParserOutput& output) {
  if (direction == Direction::to_server) request(header, body, output);
  else response(header, body, output);
}

DcerpcTransaction& DcerpcParser::open(ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) close(0, output);
  auto& fresh = *open_.emplace_back(std::make_unique<DcerpcTransaction>(fields_));
  fresh.number = transactions_++;
  fresh.call.head_in_stub = stream_;
  return fresh;
}

void DcerpcParser::close(std::size_t at, ParserOutput& output) {
  auto done = std::move(open_[at]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  done->done = {true, true};
  output.finished(std::move(done));
}

void DcerpcParser::request(const DcerpcHeader& header, Bytes body, ParserOutput& output) {
  if (header.type == dcerpc_type::auth3) return;  // the end of a bind, nothing of its own
  DcerpcTransaction* found = nullptr;
  if (header.type == dcerpc_type::request && !header.first_fragment)
    for (auto& each : open_)
      if (each->call.call_id == header.call_id && each->call.is_request() && !each->done[0]) found = each.get();
  if (found == nullptr) {
    found = &open(output);
    found->version_minor = header.version_minor;
  }
  const auto step = take_request(found->call, header, body, binding_);
  if (step == DcerpcStep::malformed) found->events.set(static_cast<std::size_t>(PacketEvent::dcerpc_malformed));
  found->done[0] = step != DcerpcStep::open;
  output.progressed(*found, Direction::to_server);
  // Nobody answers these.
  const bool one_way = header.type == dcerpc_type::cancel || header.type == dcerpc_type::orphaned;
  if (!one_way || open_.empty()) return;
  found->done[1] = true;
  close(open_.size() - 1, output);
}

void DcerpcParser::response(const DcerpcHeader& header, Bytes body, ParserOutput& output) {
  std::size_t at = 0;
  const auto fits = [&](const DcerpcCall& call) {
    return call.call_id == header.call_id && (!call.has_request || answers(call.request_type, header.type));
  };
  while (at < open_.size() && !fits(open_[at]->call)) ++at;
  if (at == open_.size()) {  // its request was not seen
    auto& fresh = open(output);
    fresh.version_minor = header.version_minor;
    fresh.done[0] = true;
    at = open_.size() - 1;
  }
  auto& transaction = *open_[at];
  const auto step = take_response(transaction.call, header, body, binding_);
  if (step == DcerpcStep::malformed) transaction.events.set(static_cast<std::size_t>(PacketEvent::dcerpc_malformed));
  transaction.done[1] = step != DcerpcStep::open;
  if (transaction.done[1]) transaction.done[0] = true;
  output.progressed(transaction, Direction::to_client);
  if (transaction.done[1]) close(at, output);
}

bool DcerpcParser::datagram(Direction direction, Bytes bytes, ParserOutput& output) {
  const auto message = parse_dcerpc_datagram(bytes);
  if (!message) {
    output.event(PacketEvent::dcerpc_malformed);
    return true;
  }
  const bool answer = is_dcerpc_answer(message->type);
  std::size_t at = 0;
  while (at < open_.size() && (open_[at]->activity != message->activity || open_[at]->sequence != message->sequence))
    ++at;
  if (at == open_.size()) {
    auto& fresh = open(output);
    fresh.version_major = 4;
    fresh.activity = message->activity;
    fresh.sequence = message->sequence;
    fresh.call.little = message->little;
    at = open_.size() - 1;
  }
  auto& transaction = *open_[at];
  auto& call = transaction.call;
  const auto side = answer ? Direction::to_client : Direction::to_server;
  if (answer) {
    call.has_response = true;
    call.response_type = message->type;
  } else if (!call.has_request) {
    call.has_request = true;
    call.request_type = message->type;
    call.opnum = message->opnum;
    auto binding = std::make_shared<DcerpcBinding>();
    binding->interfaces.push_back({message->interface_, static_cast<std::uint16_t>(message->interface_version),
                                   static_cast<std::uint16_t>(message->interface_version >> 16), 0, false, 0, 0});
    binding->answer({{0, 0}});
    call.binding = std::move(binding);
  }
  call.add_stub(side, message->stub);
  const bool last = (message->flags & 0x04U) == 0 || (message->flags & 0x02U) != 0;
  transaction.done[index(side)] = last;
  output.progressed(transaction, direction);
  if (last && answer) close(at, output);
  return true;
}

void DcerpcParser::finish(ParserOutput& output) {
  while (!open_.empty()) close(0, output);
}

}  // namespace tocsin::collectors
