#include "daemon/app/rule_test/conversation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

constexpr std::uint32_t client_address = 0xCB007142;  // 203.0.113.66
constexpr std::uint32_t server_address = 0xC000020A;  // 192.0.2.10
constexpr std::uint16_t client_port = 49152;
constexpr std::uint8_t fin = 0x01, syn = 0x02, psh = 0x08, ack = 0x10;
constexpr std::size_t segment_most = 1400;

using Octets = std::vector<std::uint8_t>;

void put16(Octets& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xFFFF);
}
void put(std::string& out, std::uint32_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

// RFC 1071, over data that may have an odd length.
std::uint32_t add_up(std::uint32_t sum, const Octets& bytes, std::size_t from) {
  for (std::size_t i = from; i < bytes.size(); i += 2)
    sum += static_cast<std::uint32_t>(bytes[i] << 8) | (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  return sum;
}
std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
void place16(Octets& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

class Speaker {
 public:
  Speaker(std::uint8_t protocol, std::uint16_t server_port, Time start)
      : protocol_(protocol), server_port_(server_port), time_(start) {}

  void tcp(bool to_server, std::uint8_t flags, std::string_view data) {
    Octets segment;
    ports(segment, to_server);
    put32(segment, sequence_[to_server]);
    put32(segment, (flags & ack) != 0 ? sequence_[!to_server] : 0);
    segment.push_back(0x50);
    segment.push_back(flags);
    put16(segment, 64240);
    put32(segment, 0);
    segment.insert(segment.end(), data.begin(), data.end());
    frame(to_server, std::move(segment), 16);
    sequence_[to_server] += static_cast<std::uint32_t>(data.size()) + ((flags & (syn | fin)) != 0 ? 1 : 0);
  }

  void udp(bool to_server, std::string_view data) {
    Octets datagram;
    ports(datagram, to_server);
    put16(datagram, static_cast<std::uint32_t>(8 + data.size()));
    put16(datagram, 0);
    datagram.insert(datagram.end(), data.begin(), data.end());
    frame(to_server, std::move(datagram), 6);
  }

  std::vector<ConversationFrame> frames;

 private:
  void ports(Octets& out, bool to_server) const {
    put16(out, to_server ? client_port : server_port_);
    put16(out, to_server ? server_port_ : client_port);
  }

  void frame(bool to_server, Octets transport, std::size_t checksum_at) {
    const std::uint32_t from = to_server ? client_address : server_address;
    const std::uint32_t to = to_server ? server_address : client_address;
    std::uint32_t sum = (from >> 16) + (from & 0xFFFF) + (to >> 16) + (to & 0xFFFF) + protocol_ +
                        static_cast<std::uint32_t>(transport.size());
    place16(transport, checksum_at, fold(add_up(sum, transport, 0)));
    Octets out{2,    0,   0, 0, 0, static_cast<std::uint8_t>(to_server ? 2 : 1),
               2,    0,   0, 0, 0, static_cast<std::uint8_t>(to_server ? 1 : 2),
               0x08, 0x00};
    out.push_back(0x45);
    out.push_back(0);
    put16(out, static_cast<std::uint32_t>(20 + transport.size()));
    put16(out, identification_++);
    put16(out, 0x4000);
    out.push_back(64);
    out.push_back(protocol_);
    put16(out, 0);
    put32(out, from);
    put32(out, to);
    place16(out, 24, fold(add_up(0, out, 14)));
    out.insert(out.end(), transport.begin(), transport.end());
    frames.push_back({time_, std::move(out)});
    time_ += std::chrono::milliseconds{1};
  }

  const std::uint8_t protocol_;
  const std::uint16_t server_port_;
  Time time_;
  std::array<std::uint32_t, 2> sequence_{5000, 1000};
  std::uint16_t identification_ = 1;
};

}  // namespace

std::vector<ConversationFrame> tcp_conversation(const std::vector<Said>& said, std::uint16_t server_port, Time start) {
  Speaker speaker(6, server_port, start);
  speaker.tcp(true, syn, {});
  speaker.tcp(false, syn | ack, {});
  speaker.tcp(true, ack, {});
  for (const auto& part : said) {
    for (std::string_view left = part.bytes; !left.empty(); left.remove_prefix(std::min(left.size(), segment_most))) {
      speaker.tcp(part.to_server, psh | ack, left.substr(0, segment_most));
      speaker.tcp(!part.to_server, ack, {});
    }
  }
  speaker.tcp(true, fin | ack, {});
  speaker.tcp(false, fin | ack, {});
  speaker.tcp(true, ack, {});
  return std::move(speaker.frames);
}

std::vector<ConversationFrame> udp_conversation(const std::vector<Said>& said, std::uint16_t server_port, Time start) {
  Speaker speaker(17, server_port, start);
  for (const auto& part : said) speaker.udp(part.to_server, part.bytes);
  return std::move(speaker.frames);
}

std::string dns_query(std::string_view name, std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, std::uint16_t>, 8> types{
      {{"A", 1}, {"NS", 2}, {"CNAME", 5}, {"PTR", 12}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}}};
  std::uint16_t number = 1;
  for (const auto& [text, value] : types)
    if (text == type) number = value;
  std::string out;
  put(out, 0x1234, 2);
  put(out, 0x0100, 2);  // recursion desired
  put(out, 1, 2);
  put(out, 0, 2);
  put(out, 0, 4);
  for (const auto label : split(name, '.')) {
    if (label.empty()) continue;
    put(out, static_cast<std::uint32_t>(std::min<std::size_t>(label.size(), 63)), 1);
    out += label.substr(0, 63);
  }
  put(out, 0, 1);
  put(out, number, 2);
  put(out, 1, 2);
  return out;
}

std::string tls_client_hello(std::string_view server_name) {
  const auto length = static_cast<std::uint32_t>(server_name.size());
  std::string extensions;
  put(extensions, 0, 2);  // server_name
  put(extensions, length + 5, 2);
  put(extensions, length + 3, 2);
  put(extensions, 0, 1);
  put(extensions, length, 2);
  extensions += server_name;
  put(extensions, 0x002B0003, 4);  // supported_versions: TLS 1.3
  put(extensions, 0x020304, 3);
  std::string body;
  put(body, 0x0303, 2);
  body += std::string(32, '\x5A');
  put(body, 0, 1);           // no session id
  put(body, 0x00041301, 4);  // two cipher suites
  put(body, 0x1302, 2);
  put(body, 0x0100, 2);  // null compression
  put(body, static_cast<std::uint32_t>(extensions.size()), 2);
  body += extensions;
  std::string out;
  put(out, 0x160301, 3);
  put(out, static_cast<std::uint32_t>(body.size() + 4), 2);
  put(out, 1, 1);
  put(out, static_cast<std::uint32_t>(body.size()), 3);
  return out + body;
}

}  // namespace tocsin::daemon
