#include "responders/action/firewall/kernel_tables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tocsin::responders {
namespace {

constexpr std::size_t answer_most = 65'536;

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Padded to four bytes; its length counts itself, not the padding.
void append_attribute(std::string& out, std::uint16_t kind, std::string_view value) {
  append(out, nlattr{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), kind});
  out += value;
  out.append(NLA_ALIGN(value.size()) - value.size(), '\0');
}

std::string attribute(std::uint16_t kind, std::string_view value) {
  std::string out;
  append_attribute(out, kind, value);
  return out;
}

std::string nested(std::uint16_t kind, std::string_view value) {
  return attribute(static_cast<std::uint16_t>(kind | NLA_F_NESTED), value);
}

// The first of its kind; nothing when there is none, or its length does not fit.
std::optional<std::string_view> find_attribute(std::string_view all, std::uint16_t kind) {
  while (all.size() >= NLA_HDRLEN) {
    nlattr head{};
    std::memcpy(&head, all.data(), sizeof head);
    if (head.nla_len < NLA_HDRLEN || head.nla_len > all.size()) break;
    if ((head.nla_type & NLA_TYPE_MASK) == kind) return all.substr(NLA_HDRLEN, head.nla_len - NLA_HDRLEN);
    all.remove_prefix(std::min<std::size_t>(NLA_ALIGN(head.nla_len), all.size()));
  }
  return std::nullopt;
}

// Integers of nf_tables are in network order.
std::uint64_t number(std::optional<std::string_view> bytes) {
  std::uint64_t out = 0;
  if (bytes && bytes->size() <= sizeof out)
    for (const char byte : *bytes) out = out << 8U | static_cast<std::uint8_t>(byte);
  return out;
}

std::chrono::seconds seconds_of(std::optional<std::string_view> milliseconds) {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::milliseconds(static_cast<std::int64_t>(number(milliseconds) & INT64_MAX)));
}

}  // namespace

Result<void> KernelTables::connect() {
  if (socket_) return {};
  OwnedDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  const timeval patience{1, 0};
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    return fail_errno("cannot talk to nf_tables", errno);
  socket_ = std::move(socket);
  return {};
}

Result<std::string> KernelTables::ask(std::uint16_t kind, std::uint8_t family, std::string_view attributes) {
  TOCSIN_CHECK(connect());
  nlmsghdr head{};
  head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + sizeof(nfgenmsg) + attributes.size());
  head.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | kind);
  head.nlmsg_flags = NLM_F_REQUEST;
  head.nlmsg_seq = ++sequence_;
  std::string message;
  append(message, head);
  append(message, nfgenmsg{family, NFNETLINK_V0, 0});
  message += attributes;
  if (::send(socket_.get(), message.data(), message.size(), 0) < 0) return fail_errno("cannot ask nf_tables", errno);
  std::string answer(answer_most, '\0');
  while (true) {
    const ssize_t got = ::recv(socket_.get(), answer.data(), answer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("nf_tables does not answer", errno);
    if (static_cast<std::size_t>(got) < NLMSG_HDRLEN) continue;
    std::memcpy(&head, answer.data(), sizeof head);
    const std::size_t size = std::min<std::size_t>(head.nlmsg_len, static_cast<std::size_t>(got));
    if (head.nlmsg_seq != sequence_) continue;  // of a question nobody waits for any more
    if (head.nlmsg_type == NLMSG_ERROR && size >= NLMSG_HDRLEN + sizeof(int)) {
      int reason = 0;
      std::memcpy(&reason, answer.data() + NLMSG_HDRLEN, sizeof reason);
      if (reason == -ENOENT) return fail(Code::not_found, "it is not there");
      if (reason == -EPERM)
        return fail(Code::denied, "nftables needs CAP_NET_ADMIN; run tocsin-responder as its unit does");
      return fail_errno("nf_tables refused the question", -reason);
    }
    if (size < NLMSG_HDRLEN + sizeof(nfgenmsg)) return fail(Code::invalid, "the answer of nf_tables is too short");
    return answer.substr(NLMSG_HDRLEN + sizeof(nfgenmsg), size - NLMSG_HDRLEN - sizeof(nfgenmsg));
  }
}

Result<std::uint32_t> KernelTables::generation() {
  TOCSIN_TRY(const std::string answer, ask(NFT_MSG_GETGEN, AF_UNSPEC, {}));
  const auto id = find_attribute(answer, NFTA_GEN_ID);
  if (!id) return fail(Code::invalid, "nf_tables does not say its generation");
  return static_cast<std::uint32_t>(number(id));
}

Result<std::optional<ElementTimes>> KernelTables::find(std::string_view set, Bytes key) {
  const std::string value = nested(NFTA_SET_ELEM_KEY, attribute(NFTA_DATA_VALUE, as_text(key)));
  const std::string attributes = attribute(NFTA_SET_ELEM_LIST_TABLE, std::string("tocsin") + '\0') +
                                 attribute(NFTA_SET_ELEM_LIST_SET, std::string(set) + '\0') +
                                 nested(NFTA_SET_ELEM_LIST_ELEMENTS, nested(NFTA_LIST_ELEM, value));
  const auto answer = ask(NFT_MSG_GETSETELEM, NFPROTO_INET, attributes);
  if (!answer && answer.error().code == Code::not_found) return std::optional<ElementTimes>();
  if (!answer) return std::unexpected(answer.error());
  const auto list = find_attribute(*answer, NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto element = list ? find_attribute(*list, NFTA_LIST_ELEM) : std::nullopt;
  if (!element) return fail(Code::invalid, "the answer of nf_tables holds no element");
  return ElementTimes{seconds_of(find_attribute(*element, NFTA_SET_ELEM_TIMEOUT)),
                      seconds_of(find_attribute(*element, NFTA_SET_ELEM_EXPIRATION))};
}

}  // namespace tocsin::responders
