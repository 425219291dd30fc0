#include "collectors/packet/protocol/dns/message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t name_most = 1'025;  // as Suricata; RFC 1035 allows 255
constexpr int labels_most = 255;

namespace record_type {
constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, null = 10, ptr = 12, mx = 15, txt = 16, aaaa = 28, srv = 33,
                        dname = 39, opt = 41, sshfp = 44, spf = 99;
}

// Reads a name at the reader's place, following pointers (RFC 1035, section 4.1.4), and leaves the reader behind it.
std::string read_name(ByteReader& reader, DnsFaults& faults, bool* truncated = nullptr) {
  std::string name;
  std::size_t back = 0;
  bool jumped = false;
  for (int steps = 0;; ++steps) {
    if (steps > labels_most) {
      (jumped ? faults.infinite_loop : faults.too_many_labels) = true;
      break;
    }
    const std::uint8_t length = reader.u8();
    if (!reader.ok() || length == 0) break;
    if ((length & 0xC0U) == 0xC0U) {
      const std::size_t target = ((length & 0x3FU) << 8U) | reader.u8();
      if (!reader.ok()) break;
      if (!jumped) back = reader.position();
      jumped = true;
      if (target >= reader.all().size()) {
        faults.malformed = true;
        break;
      }
      reader.seek(target);
      continue;
    }
    if (length > 63) {
      faults.malformed = true;
      break;
    }
    const Bytes label = reader.take(length);
    if (!reader.ok()) break;
    if (name.size() >= name_most) continue;  // the rest still has to be walked over to find what follows
    if (!name.empty()) name += '.';
    name.append(as_text(label));
    if (name.size() <= name_most) continue;
    name.resize(name_most);
    faults.name_too_long = true;
    if (truncated != nullptr) *truncated = true;
  }
  if (jumped && reader.ok()) reader.seek(back);
  return name;
}

DnsAuthority read_authority(ByteReader& reader, DnsFaults& faults) {
  DnsAuthority out;
  out.primary = read_name(reader, faults);
  out.mailbox = read_name(reader, faults);
  for (auto* number : {&out.serial, &out.refresh, &out.retry, &out.expire, &out.minimum}) *number = reader.u32();
  return out;
}

std::string text_of(const DnsAuthority& soa) {
  std::string text = soa.primary + ' ' + soa.mailbox;
  for (const auto number : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum})
    text += ' ' + std::to_string(number);
  return text;
}

DnsHostKey read_host_key(Bytes raw) {
  ByteReader reader(raw);
  DnsHostKey out;
  out.algorithm = reader.u8();
  out.type = reader.u8();
  for (const auto byte : reader.rest()) {
    if (!out.fingerprint.empty()) out.fingerprint += ':';
    out.fingerprint += to_hex(&byte, 1);
  }
  return out;
}

std::vector<DnsOption> read_options(Bytes raw) {
  std::vector<DnsOption> out;
  ByteReader reader(raw);
  while (reader.ok() && reader.remaining() >= 4) {
    DnsOption option;
    option.code = reader.u16();
    const Bytes data = reader.take(reader.u16());
    if (!reader.ok()) break;
    option.data.assign(as_text(data));
    out.push_back(std::move(option));
  }
  return out;
}

// `reader` stands at the data of `length` bytes; it may follow pointers into the whole message.
void read_data(ByteReader& reader, std::size_t length, DnsRecord& record, DnsFaults& faults) {
  const Bytes raw = reader.rest().first(length);
  switch (record.type) {
    case record_type::a:
      if (length != 4) break;
      record.address = IpAddress::v4(raw);
      record.data = render_address(record.address);
      return;
    case record_type::aaaa:
      if (length != 16) break;
      record.address = IpAddress::v6(raw);
      record.data = render_address(record.address);
      return;
    case record_type::ns:
    case record_type::cname:
    case record_type::ptr:
    case record_type::dname: record.data = read_name(reader, faults, &record.data_truncated); return;
    case record_type::soa: {
      auto soa = read_authority(reader, faults);
      record.data = text_of(soa);
      record.parts = std::move(soa);
      return;
    }
    case record_type::mx: {
      reader.skip(2);
      record.data = read_name(reader, faults, &record.data_truncated);
      return;
    }
    case record_type::srv: {
      DnsService service;
      service.priority = reader.u16();
      service.weight = reader.u16();
      service.port = reader.u16();
      service.target = read_name(reader, faults);
      record.data = service.target + ':' + std::to_string(service.port);
      record.parts = std::move(service);
      return;
    }
    case record_type::txt:
    case record_type::spf: {
      ByteReader strings(raw);
      while (strings.ok() && strings.remaining() != 0) {
        record.strings.emplace_back(as_text(strings.take(strings.u8())));
        record.data += record.strings.back();
      }
      return;
    }
    case record_type::sshfp:
      if (length < 3) break;
      record.parts = read_host_key(raw);
      break;
    case record_type::opt: record.parts = read_options(raw); break;
    case record_type::null: record.data.assign(as_text(raw)); return;
    default: break;
  }
  record.data = to_hex(raw.data(), std::min<std::size_t>(raw.size(), 512));
}

bool read_records(ByteReader& reader, std::size_t count, std::vector<DnsRecord>& into, DnsFaults& faults) {
  for (std::size_t i = 0; i < count; ++i) {
    if (into.size() >= DnsMessage::records_most) {
      faults.malformed = true;
      return false;
    }
    DnsRecord record;
    record.name = read_name(reader, faults, &record.name_truncated);
    record.type = reader.u16();
    record.record_class = reader.u16();
    record.time_to_live = reader.u32();
    const std::size_t length = reader.u16();
    if (!reader.ok() || length > reader.remaining()) {
      faults.malformed = true;
      return false;
    }
    const std::size_t after = reader.position() + length;
    read_data(reader, length, record, faults);
    if (!reader.ok()) {
      faults.malformed = true;
      return false;
    }
    reader.seek(after);
    into.push_back(std::move(record));
  }
  return true;
}

}  // namespace

const DnsRecord* DnsMessage::record(std::size_t index) const noexcept {
  for (const auto* section : {&answers, &authorities, &additionals}) {
    if (index < section->size()) return &(*section)[index];
    index -= section->size();
  }
  return nullptr;
}

std::optional<Bytes> DnsMessage::record_text(std::size_t index) const noexcept {
  const auto* found = record(index / 2);
  if (found == nullptr) return std::nullopt;
  return as_bytes(index % 2 == 0 ? found->name : found->data);
}

std::optional<DnsMessage> parse_dns(Bytes bytes) {
  ByteReader reader(bytes);
  DnsMessage message;
  message.id = reader.u16();
  message.flags = reader.u16();
  const std::array<std::size_t, 4> counts{reader.u16(), reader.u16(), reader.u16(), reader.u16()};
  if (!reader.ok()) return std::nullopt;
  for (std::size_t i = 0; i < counts[0]; ++i) {
    DnsQuestion question;
    question.name = read_name(reader, message.faults, &question.name_truncated);
    question.type = reader.u16();
    question.record_class = reader.u16();
    if (!reader.ok() || message.questions.size() >= DnsMessage::records_most) {
      message.faults.malformed = true;
      return message;
    }
    message.questions.push_back(std::move(question));
  }
  if (!read_records(reader, counts[1], message.answers, message.faults)) {
    message.consumed = reader.position();
    return message;
  }
  // The answers hold, whatever stands behind them.
  DnsFaults behind;
  const bool authorities = read_records(reader, counts[2], message.authorities, behind);
  message.faults.authorities = behind.malformed;
  if (authorities) read_records(reader, counts[3], message.additionals, behind);
  message.faults.additionals = behind.malformed && authorities;
  message.faults.name_too_long |= behind.name_too_long;
  message.faults.infinite_loop |= behind.infinite_loop;
  message.faults.too_many_labels |= behind.too_many_labels;
  message.consumed = reader.position();
  return message;
}

bool looks_like_dns(Bytes bytes, bool strictly) {
  ByteReader reader(bytes);
  reader.skip(2);
  const std::uint16_t flags = reader.u16();
  const std::size_t questions = reader.u16();
  const std::size_t others = std::size_t{reader.u16()} + reader.u16() + reader.u16();
  if (!reader.ok() || (strictly && ((flags >> 11) & 0x0FU) > 6)) return false;
  if (2 * (questions + others) > reader.remaining()) return false;
  if (!strictly) {
    if (questions == 0) return others != 0 || reader.remaining() == 0;
    DnsFaults faults;
    read_name(reader, faults);
    reader.skip(4);
    return reader.ok() && !faults.malformed;
  }
  // On any other port only what is a whole and ordinary message counts.
  if (questions != 1 || (flags & 0x0040U) != 0) return false;
  const auto message = parse_dns(bytes);
  if (!message || message->faults.any_malformed() || message->consumed != bytes.size()) return false;
  const auto& question = message->questions.front();
  if (question.record_class != 1 && question.record_class != 3 && question.record_class != 255) return false;
  return question.type != 0 && question.type <= 260 && !question.name.empty();
}

std::string dns_type_name(std::uint16_t type) {
  static constexpr auto names = std::to_array<std::pair<std::uint16_t, std::string_view>>(
      {{1, "A"},           {2, "NS"},      {5, "CNAME"},  {6, "SOA"},     {7, "MB"},       {8, "MG"},
       {9, "MR"},          {10, "NULL"},   {11, "WKS"},   {12, "PTR"},    {13, "HINFO"},   {14, "MINFO"},
       {15, "MX"},         {16, "TXT"},    {17, "RP"},    {18, "AFSDB"},  {24, "SIG"},     {25, "KEY"},
       {28, "AAAA"},       {29, "LOC"},    {33, "SRV"},   {35, "NAPTR"},  {36, "KX"},      {37, "CERT"},
       {38, "A6"},         {39, "DNAME"},  {41, "OPT"},   {42, "APL"},    {43, "DS"},      {44, "SSHFP"},
       {45, "IPSECKEY"},   {46, "RRSIG"},  {47, "NSEC"},  {48, "DNSKEY"}, {49, "DHCID"},   {50, "NSEC3"},
       {51, "NSEC3PARAM"}, {52, "TLSA"},   {55, "HIP"},   {59, "CDS"},    {60, "CDNSKEY"}, {64, "SVCB"},
       {65, "HTTPS"},      {99, "SPF"},    {249, "TKEY"}, {250, "TSIG"},  {251, "IXFR"},   {252, "AXFR"},
       {253, "MAILB"},     {254, "MAILA"}, {255, "ANY"},  {256, "URI"},   {257, "CAA"}});
  const auto found = std::ranges::find(names, type, &std::pair<std::uint16_t, std::string_view>::first);
  return found == names.end() ? "TYPE" + std::to_string(type) : std::string(found->second);
}

std::string dns_response_code_name(std::uint8_t code) {
  static constexpr std::array<std::string_view, 11> names{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                          "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                          "NXRRSET", "NOTAUTH", "NOTZONE"};
  return code < names.size() ? std::string(names[code]) : "RCODE" + std::to_string(code);
}

}  // namespace tocsin::collectors
