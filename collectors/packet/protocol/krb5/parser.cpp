#include "collectors/packet/protocol/krb5/parser.h"

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t mark_size = 4;

}  // namespace

std::unique_ptr<ProtocolFactory> make_krb5_factory(const PacketOptions& options, FieldNames& names) {
  return stream_factory_of<KerberosParser>(std::cref(options.krb5), KerberosFields(names));
}

Probe probe_krb5(const ProbeInput& input) {
  Bytes bytes = input.bytes;
  if (input.stream) {
    if (!bytes.empty() && bytes[0] != 0) return Probe::no;
    if (bytes.size() > mark_size && (bytes[mark_size] & 0xE0U) != 0x60) return Probe::no;
    if (bytes.size() < mark_size + 13) return Probe::more;
    bytes = bytes.subspan(mark_size);
  }
  const auto type = peek_kerberos(bytes);
  if (!type) return Probe::no;
  const bool asks = *type == krb5_type::as_request || *type == krb5_type::tgs_request || *type == krb5_type::ap_request;
  if (asks == (input.direction == Direction::to_server)) return Probe::yes;
  return input.beginning_unseen ? Probe::reversed : Probe::no;
}

ParserState KerberosParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!stream_) {
    message(direction, bytes, output);
    return ParserState::more;
  }
  auto& kept = kept_[index(direction)];
  while (!bytes.empty()) {
    std::size_t wanted = mark_size;
    if (kept.size() >= mark_size) wanted += ByteReader(kept).u32();
    const std::size_t count = std::min(bytes.size(), wanted - kept.size());
    kept.insert(kept.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (kept.size() < wanted) return ParserState::more;
    if (wanted == mark_size) {
      if (ByteReader(kept).u32() <= options_.message_most && ByteReader(kept).u32() != 0) continue;
      output.event(PacketEvent::krb5_malformed_data);
      return ParserState::failed;
    }
    if (!message(direction, Bytes(kept).subspan(mark_size), output)) return ParserState::failed;
    kept.clear();
  }
  return ParserState::more;
}

bool KerberosParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  auto message = parse_kerberos(bytes);
  if (!message) {
    output.event(PacketEvent::krb5_malformed_data);
    return false;
  }
  const std::uint8_t type = message->type;
  const std::uint8_t asked = asked_;
  const bool asks = type == krb5_type::as_request || type == krb5_type::tgs_request || type == krb5_type::ap_request;
  asked_ = asks ? type : 0;
  if (type == krb5_type::ap_request || type == krb5_type::ap_reply) return true;
  auto transaction = std::make_unique<KerberosTransaction>(fields_, std::move(*message), asked, direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return true;
}

}  // namespace tocsin::collectors
