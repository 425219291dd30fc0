#include "collectors/packet/protocol/rdp/parser.h"

#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/tls/certificate.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint8_t tpkt_version = 3;
constexpr std::size_t tpkt_header = 4, kept_most = 128U << 10, handshake_most = 64U << 10;

}  // namespace

std::unique_ptr<ProtocolFactory> make_rdp_factory(const PacketOptions&, FieldNames& names) {
  return factory_of<RdpParser>(RdpFields(names));
}

// A TPKT with a connection request, or its confirmation.
Probe probe_rdp(const ProbeInput& input) {
  const Bytes b = input.bytes;
  if (!b.empty() && b[0] != tpkt_version) return Probe::no;
  if (b.size() >= 2 && b[1] != 0) return Probe::no;
  if (b.size() < 11) return Probe::more;
  const std::size_t size = static_cast<std::size_t>((b[2] << 8) | b[3]);
  const bool request = b[5] == 0xE0, confirm = b[5] == 0xD0;
  if ((!request && !confirm) || size < 11 || b[4] != size - tpkt_header - 1) return Probe::no;
  if (b[10] != 0) return Probe::no;  // the class
  if (request == (input.direction == Direction::to_server)) return Probe::yes;
  return input.beginning_unseen ? Probe::reversed : Probe::no;
}

ParserState RdpParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (over_) return ParserState::done;
  auto& kept = kept_[index(direction)];
  if (kept.size() + bytes.size() > kept_most) return ParserState::failed;
  kept.insert(kept.end(), bytes.begin(), bytes.end());
  if (!encrypted_ && !packets(direction, output)) {
    output.event(PacketEvent::rdp_malformed_data);
    return ParserState::failed;
  }
  if (encrypted_) records(direction, output);
  return over_ ? ParserState::done : ParserState::more;
}

void RdpParser::report(RdpMessage message, Direction direction, ParserOutput& output) {
  auto transaction = std::make_unique<RdpTransaction>(fields_, std::move(message));
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

// False: these are none.
bool RdpParser::packets(Direction direction, ParserOutput& output) {
  auto& kept = kept_[index(direction)];
  std::size_t done = 0;
  bool good = true;
  while (kept.size() - done >= tpkt_header && !encrypted_ && !over_) {
    const Bytes rest = Bytes(kept).subspan(done);
    const std::size_t size = static_cast<std::size_t>((rest[2] << 8) | rest[3]);
    if (rest[0] != tpkt_version || size < tpkt_header) {
      // Fast-path packets have another form (MS-RDPBCGR 2.2.8.1.2); by then all is said.
      over_ = transactions_ > 2;
      good = over_;
      break;
    }
    if (rest.size() < size) break;
    if (auto message = parse_rdp(rest.subspan(tpkt_header, size - tpkt_header))) {
      encrypted_ = message->protocol.value_or(0) != 0;
      over_ = message->kind == RdpKind::connect_response;
      report(std::move(*message), direction, output);
    }
    done += size;
  }
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(done));
  return good;
}

void RdpParser::records(Direction direction, ParserOutput& output) {
  static constexpr std::uint8_t handshake_record = 22;
  auto& kept = kept_[index(direction)];
  std::size_t done = 0;
  while (kept.size() - done >= 5 && !over_) {
    const Bytes rest = Bytes(kept).subspan(done);
    const std::size_t size = 5 + static_cast<std::size_t>((rest[3] << 8) | rest[4]);
    if (rest.size() < size) break;
    if (direction == Direction::to_client) {
      over_ = rest[0] != handshake_record || rest[1] != 3;
      if (!over_)
        handshake_.insert(handshake_.end(), rest.begin() + 5, rest.begin() + static_cast<std::ptrdiff_t>(size));
      over_ = over_ || handshake(direction, output) || handshake_.size() > handshake_most;
    }
    done += size;
  }
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(done));
}

// True: the certificates were told of.
bool RdpParser::handshake(Direction direction, ParserOutput& output) {
  static constexpr std::uint8_t certificate_message = 11;
  ByteReader reader(handshake_);
  while (reader.remaining() >= 4) {
    const std::uint8_t type = reader.u8();
    const Bytes body = reader.take(reader.u24());
    if (!reader.ok()) return false;
    if (type != certificate_message) continue;
    ByteReader list(body);
    list.skip(3);
    RdpMessage message;
    message.kind = RdpKind::tls_handshake;
    while (list.ok() && list.remaining() > 3 && message.serials.size() < 16)
      if (const auto parsed = parse_certificate(list.take(list.u24()))) message.serials.push_back(parsed->serial);
    report(std::move(message), direction, output);
    return true;
  }
  return false;
}

}  // namespace tocsin::collectors
