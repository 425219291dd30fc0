#include "collectors/packet/protocol/quic/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
namespace {

constexpr std::uint8_t client_hello = 1, server_hello = 2;
constexpr std::size_t pieces_most = 128;  // held until what comes before them is there

}  // namespace

std::unique_ptr<ProtocolFactory> make_quic_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<QuicParser>(std::cref(options.quic), QuicFields(names));
}

// A long header of a version that is known, on whatever port.
Probe probe_quic(const ProbeInput& input) {
  if (const auto version = google_quic_version(input.bytes)) {
    const bool customary = std::ranges::find(quic_ports, input.server_port) != quic_ports.end();
    return customary ? Probe::yes : Probe::no;
  }
  const auto header = parse_quic_header(input.bytes);
  if (!header || !quic_version::known(header->version)) return Probe::no;
  if (header->kind == QuicPacketKind::other) return Probe::no;
  return Probe::yes;
}

bool QuicStream::add(const QuicCrypto& piece, std::size_t most) {
  if (piece.offset > most || piece.bytes.size() > most - piece.offset) return false;
  const std::uint64_t end = piece.offset + piece.bytes.size();
  if (end <= data_.size()) return true;
  if (piece.offset > data_.size()) {
    if (early_.size() >= pieces_most || early_size_ + piece.bytes.size() > most) return false;
    auto& held = early_[piece.offset];
    if (held.size() >= piece.bytes.size()) return true;
    early_size_ += piece.bytes.size() - held.size();
    held.assign(piece.bytes.begin(), piece.bytes.end());
    return true;
  }
  const auto fresh = piece.bytes.subspan(static_cast<std::size_t>(data_.size() - piece.offset));
  data_.insert(data_.end(), fresh.begin(), fresh.end());
  while (!early_.empty() && early_.begin()->first <= data_.size()) {
    const auto node = early_.extract(early_.begin());
    early_size_ -= node.mapped().size();
    const std::uint64_t known = data_.size() - node.key();
    if (known < node.mapped().size())
      data_.insert(data_.end(), node.mapped().begin() + static_cast<std::ptrdiff_t>(known), node.mapped().end());
  }
  return true;
}

void QuicStream::clear() {
  data_.clear();
  early_.clear();
  early_size_ = 0;
}

std::unique_ptr<QuicTransaction> QuicParser::make(Direction direction, std::uint32_t version) {
  auto out = std::make_unique<QuicTransaction>(fields_, direction, version);
  out->number = transactions_++;
  return out;
}

void QuicParser::emit(std::unique_ptr<QuicTransaction> transaction, Direction direction, ParserOutput& output) {
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

ParserState QuicParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (const auto version = google_quic_version(bytes)) {
    if (auto found = parse_google_hello(bytes)) {
      auto transaction = make(direction, *version);
      transaction->set(std::move(*found));
      emit(std::move(transaction), direction, output);
    }
    return ParserState::more;
  }
  // Several packets share a datagram.
  while (!bytes.empty() && !greeted_[index(direction)]) {
    const auto header = parse_quic_header(bytes);
    if (!header || header->total() > bytes.size() || header->total() == 0) break;
    if (packet(direction, bytes.first(header->total()), *header, output) == Step::stop) break;
    bytes = bytes.subspan(header->total());
  }
  return greeted_[0] && greeted_[1] ? ParserState::done : ParserState::more;
}

QuicParser::Step QuicParser::packet(Direction direction, Bytes bytes, const QuicHeader& header, ParserOutput& output) {
  if (header.kind == QuicPacketKind::retry && direction == Direction::to_client) {
    // The client begins anew, with other keys; a second Retry it ignores: RFC 9000, 17.2.5.2.
    if (std::exchange(retried_, true)) {
      emit(make(direction, header.version), direction, output);
      return Step::next;
    }
    keys_.reset();
    greeted_[index(Direction::to_server)] = false;
    stream_[index(Direction::to_server)].clear();
    emit(make(direction, header.version), direction, output);
    return Step::next;
  }
  if (header.kind == QuicPacketKind::initial) return initial(direction, bytes, header, output);
  // Of the others only the version can be read.
  emit(make(direction, header.version), direction, output);
  return Step::next;
}

QuicParser::Step QuicParser::initial(Direction direction, Bytes bytes, const QuicHeader& header, ParserOutput& output) {
  if (!keys_ && direction == Direction::to_server) keys_ = make_quic_keys(header.version, header.destination);
  if (!keys_) {
    emit(make(direction, header.version), direction, output);
    return Step::next;
  }
  const auto plain = decrypt_quic(direction == Direction::to_server ? keys_->client : keys_->server, bytes, header);
  const auto refuse = [&](PacketEvent event) {
    auto transaction = make(direction, header.version);
    transaction->events.set(static_cast<std::size_t>(event));
    emit(std::move(transaction), direction, output);
    return Step::stop;
  };
  if (!plain) return refuse(PacketEvent::quic_failed_decrypt);
  const auto frames = parse_quic_frames(*plain);
  if (frames.wrong) return refuse(PacketEvent::quic_error_on_data);
  auto& stream = stream_[index(direction)];
  for (const auto& piece : frames.crypto)
    if (!stream.add(piece, options_.crypto_most)) return refuse(PacketEvent::quic_crypto_frag_too_long);
  auto transaction = make(direction, header.version);
  const bool greets = hello(direction, *transaction);
  // Pieces of a hello that is not whole yet say nothing.
  if (!greets && !frames.crypto.empty()) {
    --transactions_;
    return Step::next;
  }
  emit(std::move(transaction), direction, output);
  return Step::next;
}

bool QuicParser::hello(Direction direction, QuicTransaction& transaction) {
  ByteReader reader(stream_[index(direction)].whole());
  const std::uint8_t type = reader.u8();
  const Bytes body = reader.take(reader.u24());
  if (!reader.ok()) return false;
  greeted_[index(direction)] = true;
  if (direction == Direction::to_server && type == client_hello) {
    if (auto found = parse_client_hello(body)) transaction.set(std::move(*found));
    else transaction.events.set(static_cast<std::size_t>(PacketEvent::quic_error_on_data));
  } else if (direction == Direction::to_client && type == server_hello) {
    if (auto found = parse_server_hello(body)) transaction.set(std::move(*found));
    else transaction.events.set(static_cast<std::size_t>(PacketEvent::quic_error_on_data));
  } else {
    transaction.events.set(static_cast<std::size_t>(PacketEvent::quic_error_on_data));
  }
  return true;
}

}  // namespace tocsin::collectors
