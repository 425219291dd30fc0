#pragma once
// DNS messages (RFC 1035, 3596, 2782, 6891, 9460 types by name only). Decoding is bounded: names by length and pointer
// hops, records by count; every record costs at most one name.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct DnsQuestion {
  std::string name;  // labels joined by dots, bytes as sent
  bool name_truncated = false;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
};
struct DnsAuthority {  // SOA
  std::string primary;
  std::string mailbox;
  std::uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
};
struct DnsService {  // SRV
  std::uint16_t priority = 0, weight = 0, port = 0;
  std::string target;
};
struct DnsHostKey {  // SSHFP
  std::uint8_t algorithm = 0, type = 0;
  std::string fingerprint;  // "0a:1b:…"
};
struct DnsOption {  // of OPT
  std::uint16_t code = 0;
  std::string data;
};
struct DnsRecord {
  std::string name;
  std::uint16_t type = 0;
  std::uint16_t record_class = 0;
  std::uint32_t time_to_live = 0;
  std::string data;   // as text: address, name, strings; hex for types without a text form
  IpAddress address;  // A and AAAA
  bool name_truncated = false;
  bool data_truncated = false;
  std::vector<std::string> strings;  // TXT, one by one
  std::variant<std::monostate, DnsAuthority, DnsService, DnsHostKey, std::vector<DnsOption>> parts;
};
struct DnsFaults {
  bool malformed = false;
  bool name_too_long = false;
  bool infinite_loop = false;
  bool too_many_labels = false;
  bool authorities = false, additionals = false;  // what stands behind the answers cannot be read

  bool any_malformed() const noexcept { return malformed || authorities || additionals; }
};
struct DnsMessage {
  static constexpr std::size_t records_most = 2'048;

  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authorities;
  std::vector<DnsRecord> additionals;
  DnsFaults faults;
  std::size_t consumed = 0;

  bool is_response() const noexcept { return (flags & 0x8000U) != 0; }
  std::uint8_t opcode() const noexcept { return (flags >> 11) & 0x0FU; }
  std::uint8_t response_code() const noexcept { return flags & 0x0FU; }
  // Of all records, section by section; null past the last.
  const DnsRecord* record(std::size_t index) const noexcept;
  // The name of each record and what it points to, by turns, section by section.
  std::optional<Bytes> record_text(std::size_t index) const noexcept;
};

// The name of the index-th question or record of one section.
template <typename Section>
std::optional<Bytes> dns_name_in(const Section& section, std::size_t index) noexcept {
  return index < section.size() ? std::optional(as_bytes(section[index].name)) : std::nullopt;
}

// Nothing when not even the header is there; otherwise what could be read, with `faults`.
std::optional<DnsMessage> parse_dns(Bytes bytes);
// Cheap look: header and first question are those of DNS.
bool looks_like_dns(Bytes bytes, bool strictly);

std::string dns_type_name(std::uint16_t type);          // "A", "TXT", "TYPE65280"
std::string dns_response_code_name(std::uint8_t code);  // "NOERROR", "NXDOMAIN", "RCODE13"

}  // namespace tocsin::collectors
