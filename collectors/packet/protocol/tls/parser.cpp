#include "collectors/packet/protocol/tls/parser.h"

#include <algorithm>

#include "collectors/base/release.h"
#include "collectors/packet/protocol/skip.h"

namespace tocsin::collectors {

namespace {

namespace content {
constexpr std::uint8_t change_cipher = 20, alert = 21, handshake = 22, application = 23, heartbeat = 24;
}
namespace message_type {
constexpr std::uint8_t client_hello = 1, server_hello = 2, certificate = 11;
}
constexpr std::size_t record_most = (1U << 14) + 2048;  // RFC 5246, section 6.2.3
constexpr std::size_t records_most = 255;               // at once; more are no honest sender's

class TlsFactory final : public ProtocolFactory {
 public:
  TlsFactory(const TlsOptions& options, FieldNames& names) : options_(options), fields_(names) {}
  std::unique_ptr<ProtocolParser> make(const Flow& flow) override {
    return std::make_unique<TlsParser>(options_, fields_, certificates_, flow.protocol_original);
  }

 private:
  const TlsOptions& options_;
  const TlsFields fields_;
  CertificateReader certificates_;
};

}  // namespace

std::unique_ptr<ProtocolFactory> make_tls_factory(const PacketOptions& options, FieldNames& names) {
  return std::make_unique<TlsFactory>(options.tls, names);
}

namespace {

// A client's hello in the form of SSL 2: lengths that add up.
Probe probe_old(Bytes b) {
  if (b.size() >= 3 && b[2] != message_type::client_hello) return Probe::no;
  if (b.size() >= 5 && !(b[3] == 3 && b[4] <= 3) && !(b[3] == 0 && b[4] == 2)) return Probe::no;
  if (b.size() < 11) return Probe::more;
  const auto word = [&](std::size_t at) { return static_cast<std::size_t>((b[at] << 8) | b[at + 1]); };
  const std::size_t length = word(0) & 0x7FFFU;
  return length == 9 + word(5) + word(7) + word(9) ? Probe::yes : Probe::no;
}

}  // namespace

// A handshake record of version 3.x whose first message is a hello, or an alert as the first answer.
Probe probe_tls(const ProbeInput& input) {
  const Bytes b = input.bytes;
  if (!b.empty() && (b[0] & 0x80U) != 0 && input.direction == Direction::to_server) return probe_old(b);
  if (!b.empty() && b[0] != content::handshake && b[0] != content::alert) return Probe::no;
  if (b.size() >= 2 && b[1] != 3) return Probe::no;
  if (b.size() >= 3 && b[2] > 4) return Probe::no;
  if (b.size() < 6) return Probe::more;
  const std::size_t length = static_cast<std::size_t>((b[3] << 8) | b[4]);
  if (b[0] == content::alert) {
    if (length != 2 || input.direction == Direction::to_server) return Probe::no;
    return b[5] == 1 || b[5] == 2 ? Probe::yes : Probe::no;
  }
  // Bytes that begin like a record of a client and are none: who speaks so is taken at its word, as Suricata does.
  if (length == 0 && input.direction == Direction::to_server) return Probe::yes;
  if (length < 4 || length > record_most) return Probe::no;
  const bool from_client = input.direction == Direction::to_server;
  if (b[5] == (from_client ? message_type::client_hello : message_type::server_hello)) return Probe::yes;
  if (input.beginning_unseen && b[5] == (from_client ? message_type::server_hello : message_type::client_hello))
    return Probe::reversed;
  return Probe::no;
}

TlsTransaction& TlsParser::transaction() {
  if (transaction_ == nullptr) transaction_ = std::make_unique<TlsTransaction>(fields_, before_);
  return *transaction_;
}

ParserState TlsParser::consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) {
  now_ = time;
  Side& side = side_[index(direction)];
  std::size_t records = 0;
  while (!bytes.empty()) {
    if (side.header_size < header_wanted(side)) {
      const std::size_t wanted = side.header_size == 0 ? 1 : header_wanted(side) - side.header_size;
      const std::size_t count = std::min(bytes.size(), wanted);
      std::copy_n(bytes.begin(), count, side.header.begin() + static_cast<std::ptrdiff_t>(side.header_size));
      side.header_size += count;
      bytes = bytes.subspan(count);
      if (side.header_size < header_wanted(side)) continue;  // the first byte tells how long it is
      if (!record_header(direction, output)) return ParserState::failed;
      if (++records == records_most + 1) output.event(PacketEvent::tls_too_many_records);
    }
    const std::size_t count = std::min(bytes.size(), side.left);
    if (!side.old_form && side.header[0] == content::heartbeat && side.fresh && count != 0)
      heartbeat(direction, bytes.first(count), output);
    side.fresh = false;
    if (side.old_form && count != 0 && !old_record(direction, bytes.first(count), output)) return ParserState::failed;
    if (!side.old_form && side.header[0] == content::handshake && !side.encrypted && count != 0 &&
        !handshake(direction, bytes.first(count), output))
      return ParserState::failed;
    side.left -= count;
    bytes = bytes.subspan(count);
    if (side.left == 0) side.header_size = 0;
  }
  if (options_.stop_when_encrypted && side_[0].encrypted && side_[1].encrypted) return ParserState::done;
  return ParserState::more;
}

// SSL 2 has two bytes of length, the first bit set; its hello may begin a conversation of any later version.
std::size_t TlsParser::header_wanted(const Side& side) const noexcept {
  const bool old = side.header_size != 0 && (side.header[0] & 0x80U) != 0 && (!side.begun || side.old_form);
  return old ? 2 : side.header.size();
}

bool TlsParser::old_record(Direction direction, Bytes bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  TlsTransaction& open = transaction();
  if (side.encrypted || open.has_client() || direction != Direction::to_server) return true;
  side.handshake.insert(side.handshake.end(), bytes.begin(), bytes.end());
  if (side.left > bytes.size()) return true;
  if (side.handshake.empty() || side.handshake[0] != message_type::client_hello) return false;
  auto hello = parse_old_client_hello(Bytes(side.handshake).subspan(1));
  side.handshake.clear();
  if (!hello) {
    output.event(PacketEvent::tls_invalid_handshake_message);
    return false;
  }
  open.set_client(std::move(*hello));
  output.progressed(open, direction);
  return true;
}

bool TlsParser::record_header(Direction direction, ParserOutput& output) {
  Side& side = side_[index(direction)];
  side.old_form = header_wanted(side) == 2;
  side.begun = side.fresh = true;
  if (side.old_form) {
    side.left = static_cast<std::size_t>(((side.header[0] & 0x7FU) << 8) | side.header[1]);
    return side.left != 0;
  }
  side.left = static_cast<std::size_t>((side.header[3] << 8) | side.header[4]);
  if (side.header[0] < content::change_cipher || side.header[0] > content::heartbeat) {
    output.event(PacketEvent::tls_invalid_record_type);
    return false;
  }
  if (side.header[1] != 3) {
    output.event(PacketEvent::tls_invalid_record_version);
    return false;
  }
  if (side.left > record_most) {
    output.event(PacketEvent::tls_invalid_record_length);
    return false;
  }
  if (side.header[0] == content::change_cipher || side.header[0] == content::application) encrypted(direction, output);
  return true;
}

// RFC 6520: a request says how many bytes it wants back. One that wants more than it brings, or an answer larger than
// its request, reads the other end's memory (CVE-2014-0160).
void TlsParser::heartbeat(Direction direction, Bytes bytes, ParserOutput& output) {
  static constexpr std::size_t head = 3, padding = 16;
  const Side& side = side_[index(direction)];
  if (heartbeat_from_) {
    if (*heartbeat_from_ == direction) return;  // another one: its answer is due no less
    if (heartbeat_size_ < side.left) output.event(PacketEvent::tls_dataleak_heartbeat);
    heartbeat_from_.reset();
    return;
  }
  if (!side.encrypted) {
    if (bytes.size() < head) return;
    if (bytes[0] != 1 && bytes[0] != 2) return output.event(PacketEvent::tls_invalid_heartbeat);
    const std::size_t wanted = static_cast<std::size_t>((bytes[1] << 8) | bytes[2]);
    if (head + wanted + padding > side.left) output.event(PacketEvent::tls_overflow_heartbeat);
  }
  heartbeat_from_ = direction;
  heartbeat_size_ = side.left;
}

void TlsParser::encrypted(Direction direction, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (side.encrypted) return;
  side.encrypted = true;
  release_memory(side.handshake);
  auto& open = transaction();
  open.set_encrypted(direction);
  output.progressed(open, direction);
}

bool TlsParser::handshake(Direction direction, Bytes bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (side.skip != 0) pass_over(side.skip, bytes);
  side.handshake.insert(side.handshake.end(), bytes.begin(), bytes.end());
  std::size_t done = 0;
  while (side.handshake.size() - done >= 4) {
    const Bytes rest = Bytes(side.handshake).subspan(done);
    const std::size_t length = static_cast<std::size_t>((rest[1] << 16) | (rest[2] << 8) | rest[3]);
    if (length > options_.handshake_most) {
      output.event(PacketEvent::tls_invalid_handshake_message);
      const std::size_t have = rest.size();
      side.skip = 4 + length - std::min(have, 4 + length);
      done += std::min(have, 4 + length);
      continue;
    }
    if (rest.size() < 4 + length) break;
    const bool good = message(direction, rest[0], rest.subspan(4, length), output);
    if (!good) {
      output.event(PacketEvent::tls_invalid_handshake_message);
      transaction().events.set(static_cast<std::size_t>(PacketEvent::tls_invalid_handshake_message));
    }
    done += 4 + length;
  }
  side.handshake.erase(side.handshake.begin(), side.handshake.begin() + static_cast<std::ptrdiff_t>(done));
  return true;
}

bool TlsParser::message(Direction direction, std::uint8_t type, Bytes body, ParserOutput& output) {
  TlsTransaction& open = transaction();
  switch (type) {
    case message_type::client_hello: {
      if (direction != Direction::to_server || open.has_client()) return true;
      auto hello = parse_client_hello(body);
      if (!hello) return false;
      open.set_client(std::move(*hello));
      break;
    }
    case message_type::server_hello: {
      if (direction != Direction::to_client || open.has_server()) return true;
      auto hello = parse_server_hello(body);
      if (!hello) return false;
      open.set_server(std::move(*hello));
      break;
    }
    case message_type::certificate:
      if (certificates(direction, body)) break;
      if (!open.events.test(static_cast<std::size_t>(PacketEvent::tls_invalid_certificate))) return false;
      open.events.set(static_cast<std::size_t>(PacketEvent::tls_invalid_handshake_message));
      break;
    default: return true;
  }
  output.progressed(open, direction);
  return true;
}

bool TlsParser::certificates(Direction direction, Bytes body) {
  static constexpr std::size_t certificates_most = 64;
  ByteReader reader(body);
  ByteReader list(reader.take(reader.u24()));
  std::vector<std::vector<std::uint8_t>> chain;
  while (list.ok() && list.remaining() != 0 && chain.size() < certificates_most) {
    const Bytes der = list.take(list.u24());
    if (!list.ok() || der.empty()) return false;
    chain.emplace_back(der.begin(), der.end());
  }
  if (!reader.ok()) return false;
  if (list.remaining() != 0) transaction().events.set(static_cast<std::size_t>(PacketEvent::tls_too_many_certificates));
  return transaction().set_certificates(direction, std::move(chain), certificates_, now_);
}

ParserState TlsParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput&) {
  // Inside encrypted data a loss can be stepped over as long as it stays within one record.
  Side& side = side_[index(direction)];
  if (!side.encrypted || count > side.left) return ParserState::failed;
  side.left -= count;
  if (side.left == 0) side.header_size = 0;
  return ParserState::more;
}

void TlsParser::finish(ParserOutput& output) {
  if (transaction_ == nullptr) return;
  output.finished(std::move(transaction_));
}

}  // namespace tocsin::collectors
