#include "collectors/packet/protocol/sip/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/skip.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_sip_factory(const PacketOptions& options, FieldNames& names) {
  return stream_factory_of<SipParser>(std::cref(options.sip), SipFields(names));
}

Probe probe_sip(const ProbeInput& input) {
  switch (look_at_sip(input.bytes)) {
    case SipLook::no: return Probe::no;
    case SipLook::more: return input.stream ? Probe::more : Probe::no;
    case SipLook::request:
    case SipLook::response: return Probe::yes;  // both ends ask and answer
  }
  return Probe::no;
}

ParserState SipParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!stream_) return datagram(direction, bytes, output) ? ParserState::more : ParserState::failed;
  Side& side = side_[index(direction)];
  if (side.lost) {
    const auto look = look_at_sip(bytes);
    if (look != SipLook::request && look != SipLook::response) return ParserState::more;
    side.lost = false;
  }
  while (!bytes.empty()) {
    if (side.skip != 0) {
      pass_over(side.skip, bytes);
      continue;
    }
    const std::size_t room = options_.head_most + options_.body_most - side.partial.size();
    const std::size_t count = std::min(bytes.size(), room);
    if (count == 0) return ParserState::failed;
    side.partial.insert(side.partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (!messages(direction, output)) return ParserState::failed;
  }
  return ParserState::more;
}

bool SipParser::messages(Direction direction, ParserOutput& output) {
  Side& side = side_[index(direction)];
  std::size_t done = 0;
  bool good = true;
  while (done < side.partial.size()) {
    Bytes rest = Bytes(side.partial).subspan(done);
    if (rest[0] == '\r' || rest[0] == '\n') {  // keeps the connection alive (RFC 5626, section 4.4.1)
      ++done;
      continue;
    }
    // What was looked at before is not looked at again.
    const std::size_t from = done == 0 && side.scanned > 3 ? side.scanned - 3 : 0;
    const std::size_t found = sip_head_size(rest.subspan(from));
    if (found == 0) {
      side.scanned = rest.size();
      good = rest.size() <= options_.head_most;
      break;
    }
    const std::size_t head = from + found;
    auto message = parse_sip_head(rest.first(head));
    if (!message) {
      output.event(PacketEvent::sip_invalid_data);
      good = false;
      break;
    }
    const std::size_t body = sip_body_size(*message).value_or(0);
    rest = rest.subspan(head);
    if (body > options_.body_most) {
      tell(direction, std::move(*message), rest, output);
      side.skip = body - std::min(body, rest.size());
      done += head + std::min(body, rest.size());
    } else if (rest.size() >= body) {
      tell(direction, std::move(*message), rest.first(body), output);
      done += head + body;
    } else {
      side.scanned = head > 4 ? head - 4 : 0;
      break;
    }
    side.scanned = 0;
  }
  if (done != 0) side.scanned = 0;
  side.partial.erase(side.partial.begin(), side.partial.begin() + static_cast<std::ptrdiff_t>(done));
  return good;
}

bool SipParser::datagram(Direction direction, Bytes bytes, ParserOutput& output) {
  const auto blank = std::ranges::find_if(bytes, [](std::uint8_t c) { return c != '\r' && c != '\n' && c != 0; });
  bytes = bytes.subspan(static_cast<std::size_t>(blank - bytes.begin()));
  if (bytes.empty()) return true;  // keeps a translation of addresses alive
  const std::size_t head = sip_head_size(bytes);
  auto message = parse_sip_head(head == 0 ? bytes : bytes.first(head));
  if (!message) {
    output.event(PacketEvent::sip_invalid_data);
    return true;
  }
  // What is there counts, whatever Content-Length says.
  tell(direction, std::move(*message), head == 0 ? Bytes{} : bytes.subspan(head), output);
  return true;
}

void SipParser::tell(Direction direction, SipMessage message, Bytes body, ParserOutput& output) {
  const auto* type = message.find("content-type");
  if (type != nullptr && type->starts_with("application/sdp")) parse_sdp(body, message);
  auto transaction = std::make_unique<SipTransaction>(fields_, std::move(message), direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

ParserState SipParser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  side_[index(direction)] = {};
  side_[index(direction)].lost = true;
  return ParserState::more;
}

}  // namespace tocsin::collectors
