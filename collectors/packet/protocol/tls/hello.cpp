#include "collectors/packet/protocol/tls/hello.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/base/digest.h"

namespace tocsin::collectors {

bool is_grease(std::uint16_t value) noexcept { return (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF); }

std::string tls_version_name(std::uint16_t version) {
  switch (version) {
    case 0x0002: return "ssl2.0";
    case 0x0300: return "ssl3.0";
    case 0x0301: return "1.0";
    case 0x0302: return "1.1";
    case 0x0303: return "1.2";
    case 0x0304: return "1.3";
    default: return (version >> 8) == 0x7F ? "1.3" : std::string();  // drafts of 1.3
  }
}

namespace {

namespace extension {
constexpr std::uint16_t server_name = 0, groups = 10, point_formats = 11, signature_algorithms = 13, alpn = 16,
                        supported_versions = 43;
}

std::vector<std::uint16_t> words(Bytes bytes) {
  std::vector<std::uint16_t> out;
  out.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    out.push_back(static_cast<std::uint16_t>((bytes[i] << 8) | bytes[i + 1]));
  return out;
}

std::vector<std::string> alpn_names(Bytes body) {
  std::vector<std::string> names;
  ByteReader reader(body);
  ByteReader list(reader.take(reader.u16()));
  while (list.ok() && list.remaining() != 0) names.emplace_back(as_text(list.take(list.u8())));
  return names;
}

void client_extension(TlsClientHello& hello, std::uint16_t type, Bytes body) {
  ByteReader reader(body);
  switch (type) {
    case extension::server_name: {
      if (hello.server_names++ != 0) hello.name_faults |= TlsClientHello::several_names;
      ByteReader list(reader.take(reader.u16()));
      if (!reader.ok()) hello.name_faults |= TlsClientHello::name_length;
      while (list.ok() && list.remaining() != 0) {
        const std::uint8_t kind = list.u8();
        const Bytes name = list.take(list.u16());
        if (kind != 0) hello.name_faults |= TlsClientHello::name_type;
        if (!list.ok()) hello.name_faults |= TlsClientHello::name_length;
        if (kind == 0 && list.ok() && hello.server_name.empty()) hello.server_name = as_text(name);
      }
      break;
    }
    case extension::groups: hello.groups = words(reader.take(reader.u16())); break;
    case extension::point_formats: {
      const Bytes formats = reader.take(reader.u8());
      hello.point_formats.assign(formats.begin(), formats.end());
      break;
    }
    case extension::signature_algorithms: hello.signature_algorithms = words(reader.take(reader.u16())); break;
    case extension::alpn: hello.alpn = alpn_names(body); break;
    case extension::supported_versions: hello.supported_versions = words(reader.take(reader.u8())); break;
    default: break;
  }
}

}  // namespace

std::optional<TlsClientHello> parse_client_hello(Bytes body) {
  ByteReader reader(body);
  TlsClientHello hello;
  hello.version = reader.u16();
  const Bytes random = reader.take(32);
  const Bytes session = reader.take(reader.u8());
  const Bytes ciphers = reader.take(reader.u16());
  reader.skip(reader.u8());  // compression methods
  if (!reader.ok() || ciphers.size() % 2 != 0) return std::nullopt;
  hello.random.assign(random.begin(), random.end());
  hello.session.assign(session.begin(), session.end());
  hello.ciphers = words(ciphers);
  if (reader.remaining() == 0) return hello;
  ByteReader list(reader.take(reader.u16()));
  if (!reader.ok()) return std::nullopt;
  while (list.ok() && list.remaining() != 0) {
    const std::uint16_t type = list.u16();
    const Bytes content = list.take(list.u16());
    if (!list.ok()) return std::nullopt;
    hello.extensions.push_back(type);
    client_extension(hello, type, content);
  }
  return hello;
}

std::optional<TlsClientHello> parse_old_client_hello(Bytes body) {
  ByteReader reader(body);
  TlsClientHello hello;
  hello.old_form = true;
  hello.version = reader.u16();
  const std::size_t ciphers = reader.u16();
  const std::size_t session = reader.u16();
  const std::size_t challenge = reader.u16();
  ByteReader list(reader.take(ciphers));
  const Bytes identity = reader.take(session);
  const Bytes random = reader.take(challenge);
  if (!reader.ok() || ciphers % 3 != 0) return std::nullopt;
  // Ciphers of later versions are those that begin with a zero.
  while (list.ok() && list.remaining() != 0)
    if (const std::uint32_t cipher = list.u24(); cipher <= 0xFFFF)
      hello.ciphers.push_back(static_cast<std::uint16_t>(cipher));
  hello.session.assign(identity.begin(), identity.end());
  hello.random.assign(random.begin(), random.end());
  return hello;
}

std::optional<TlsServerHello> parse_server_hello(Bytes body) {
  ByteReader reader(body);
  TlsServerHello hello;
  hello.legacy_version = hello.version = reader.u16();
  const Bytes random = reader.take(32);
  hello.random.assign(random.begin(), random.end());
  // Until draft 21 of TLS 1.3 it had neither a session nor a compression method.
  const bool draft = (hello.version >> 8) == 0x7F && (hello.version & 0xFFU) < 22;
  hello.early_draft = hello.version == 0x0304;
  const bool brief = draft || hello.early_draft;
  if (!brief) {
    const Bytes session = reader.take(reader.u8());
    hello.session.assign(session.begin(), session.end());
  }
  hello.cipher = reader.u16();
  if (!brief) reader.skip(1);
  if (!reader.ok()) return std::nullopt;
  if (reader.remaining() == 0) return hello;
  ByteReader list(reader.take(reader.u16()));
  if (!reader.ok()) return std::nullopt;
  while (list.ok() && list.remaining() != 0) {
    const std::uint16_t type = list.u16();
    const Bytes content = list.take(list.u16());
    if (!list.ok()) return std::nullopt;
    hello.extensions.push_back(type);
    if (type == extension::supported_versions && content.size() == 2)
      hello.version = static_cast<std::uint16_t>((content[0] << 8) | content[1]);
    if (type == extension::alpn) {
      const auto names = alpn_names(content);
      if (!names.empty()) hello.alpn = names.front();
    }
  }
  return hello;
}

namespace {

template <class Numbers>
void append_numbers(std::string& out, const Numbers& numbers) {
  bool first = true;
  for (const auto number : numbers) {
    if (sizeof(number) == 2 && is_grease(number)) continue;
    if (!first) out += '-';
    first = false;
    out += std::to_string(number);
  }
}

std::vector<std::uint16_t> without_grease(const std::vector<std::uint16_t>& numbers) {
  std::vector<std::uint16_t> out;
  std::ranges::copy_if(numbers, std::back_inserter(out), [](std::uint16_t n) { return !is_grease(n); });
  return out;
}

std::string hex_list(const std::vector<std::uint16_t>& numbers) {
  std::string out;
  for (const auto number : numbers) {
    if (!out.empty()) out += ',';
    out += fmt::format("{:04x}", number);
  }
  return out;
}

std::string truncated_sha256(const std::string& text) { return render_digest(sha256(as_bytes(text))).substr(0, 12); }

bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string ja4_alpn(const TlsClientHello& hello) {
  if (hello.alpn.empty() || hello.alpn.front().empty()) return "00";
  const std::string& name = hello.alpn.front();
  if (is_alphanumeric(name.front()) && is_alphanumeric(name.back())) return {name.front(), name.back()};
  return {fmt::format("{:02x}", static_cast<unsigned char>(name.front()))[0],
          fmt::format("{:02x}", static_cast<unsigned char>(name.back()))[1]};
}

std::string_view ja4_version(std::uint16_t version) noexcept {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    default: return "00";
  }
}

}  // namespace

std::string ja3_text(const TlsClientHello& hello) {
  std::string out = std::to_string(hello.version) + ',';
  append_numbers(out, hello.ciphers);
  out += ',';
  append_numbers(out, hello.extensions);
  out += ',';
  append_numbers(out, hello.groups);
  out += ',';
  append_numbers(out, hello.point_formats);
  return out;
}

std::string ja3s_text(const TlsServerHello& hello) {
  std::string out = std::to_string(hello.legacy_version) + ',' + std::to_string(hello.cipher) + ',';
  append_numbers(out, hello.extensions);
  return out;
}

std::string ja4_text(const TlsClientHello& hello, Ja4Transport transport) {
  auto ciphers = without_grease(hello.ciphers);
  auto extensions = without_grease(hello.extensions);
  std::uint16_t version = hello.version;
  const auto versions = without_grease(hello.supported_versions);
  if (!versions.empty()) version = std::ranges::max(versions);
  const bool named = std::ranges::find(extensions, extension::server_name) != extensions.end();
  std::string out = fmt::format("{}{}{}{:02}{:02}{}_", static_cast<char>(transport), ja4_version(version),
                                named ? 'd' : 'i', std::min<std::size_t>(ciphers.size(), 99),
                                std::min<std::size_t>(extensions.size(), 99), ja4_alpn(hello));
  static constexpr std::string_view nothing = "000000000000";
  std::ranges::sort(ciphers);
  out += ciphers.empty() ? std::string(nothing) : truncated_sha256(hex_list(ciphers));
  out += '_';
  std::erase_if(extensions, [](auto e) { return e == extension::server_name || e == extension::alpn; });
  std::ranges::sort(extensions);
  std::string last = hex_list(extensions);
  last += '_' + hex_list(without_grease(hello.signature_algorithms));
  out += extensions.empty() ? std::string(nothing) : truncated_sha256(last);
  return out;
}

}  // namespace tocsin::collectors
