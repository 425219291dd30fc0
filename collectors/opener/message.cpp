#include "collectors/opener/message.h"

#include <cerrno>

namespace tocsin::collectors {
namespace {

constexpr std::string_view magic = "TOC1";
constexpr std::uint8_t reply_ok = 0xFF;

void append_number(std::string& out, std::uint64_t number, int bytes) {
  for (int i = bytes; i-- > 0;) out += static_cast<char>((number >> (8 * i)) & 0xFFU);
}

std::string encode(std::uint8_t kind, const std::vector<std::string>& fields) {
  std::string out(magic);
  out += static_cast<char>(kind);
  append_number(out, fields.size(), 2);
  for (const auto& field : fields) {
    append_number(out, field.size(), 4);
    out += field;
  }
  return out;
}

struct Decoded {
  std::uint8_t kind = 0;
  std::vector<std::string> fields;
};

Result<Decoded> decode(Bytes bytes) {
  ByteReader reader(bytes);
  Decoded out;
  const bool marked = as_text(reader.take(magic.size())) == magic;
  out.kind = reader.u8();
  const auto count = reader.u16();
  if (!reader.ok() || !marked || count > opener_fields_most) return fail(Code::invalid, "not a message of the opener");
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) out.fields.emplace_back(as_text(reader.take(reader.u32())));
  if (!reader.ok() || reader.remaining() != 0) return fail(Code::invalid, "a message of the opener is damaged");
  return out;
}

}  // namespace

std::string encode_request(const OpenerRequest& request) {
  return encode(static_cast<std::uint8_t>(request.kind), request.fields);
}

Result<OpenerRequest> decode_request(Bytes bytes) {
  TOCSIN_TRY(auto decoded, decode(bytes));
  if (decoded.kind < static_cast<std::uint8_t>(OpenerRequestKind::open_log) ||
      decoded.kind > static_cast<std::uint8_t>(OpenerRequestKind::socket_owner))
    return fail(Code::invalid, "the opener does not know this kind of request; are both of the same version?");
  return OpenerRequest{static_cast<OpenerRequestKind>(decoded.kind), std::move(decoded.fields)};
}

std::string encode_reply(const OpenerReply& reply) {
  if (reply.error) return encode(static_cast<std::uint8_t>(reply.error->code), {reply.error->text()});
  return encode(reply_ok, reply.fields);
}

Result<OpenerReply> decode_reply(Bytes bytes) {
  TOCSIN_TRY(auto decoded, decode(bytes));
  OpenerReply reply;
  if (decoded.kind == reply_ok) {
    reply.fields = std::move(decoded.fields);
  } else {
    if (decoded.kind > static_cast<std::uint8_t>(Code::exhausted) || decoded.fields.empty())
      return fail(Code::invalid, "the opener answered with something unknown");
    reply.error = Error(static_cast<Code>(decoded.kind), std::move(decoded.fields.front()));
  }
  return reply;
}

Result<void> send_datagram(int socket, const std::string& bytes, std::span<const OwnedDescriptor> descriptors) {
  if (bytes.size() > opener_message_most || descriptors.size() > descriptors_most)
    return fail(Code::exhausted, "a message between tocsind and the opener is too large; use narrower globs");
  std::vector<int> numbers;
  for (const auto& descriptor : descriptors) numbers.push_back(descriptor.get());
  while (send_with_descriptors(socket, bytes, numbers, 0) < 0)
    if (errno != EINTR) return fail_errno("cannot send to the other end of the opener's socket", errno);
  return {};
}

Result<OpenerDatagram> receive_datagram(int socket) {
  OpenerDatagram out;
  out.bytes.resize(opener_message_most);
  ReceivedMessage message;
  while ((message = receive_with_descriptors(socket, out.bytes, out.descriptors, 0)).size < 0)
    if (errno != EINTR) return fail_errno("cannot receive from the opener's socket", errno);
  if (message.cut) return fail(Code::invalid, "a message on the opener's socket was cut");
  out.bytes.resize(static_cast<std::size_t>(message.size));
  return out;
}

}  // namespace tocsin::collectors
