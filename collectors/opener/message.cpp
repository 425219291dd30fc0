#include "collectors/opener/message.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

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
      decoded.kind > static_cast<std::uint8_t>(OpenerRequestKind::open_output))
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
  if (bytes.size() > opener_message_most || descriptors.size() > opener_descriptors_most)
    return fail(Code::exhausted, "a message between tocsind and the opener is too large; use narrower globs");
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * opener_descriptors_most)> control{};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      const int number = descriptors[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof number, &number, sizeof number);
    }
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return fail_errno("cannot send to the other end of the opener's socket", errno);
  return {};
}

Result<OpenerDatagram> receive_datagram(int socket) {
  OpenerDatagram out;
  out.bytes.resize(opener_message_most);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * opener_descriptors_most)> control{};
  iovec part{out.bytes.data(), out.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  while ((size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0)
    if (errno != EINTR) return fail_errno("cannot receive from the opener's socket", errno);
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
      out.descriptors.emplace_back(number);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return fail(Code::invalid, "a message on the opener's socket was cut");
  out.bytes.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace tocsin::collectors
