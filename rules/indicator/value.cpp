#include "rules/indicator/value.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t shown_most = 80;

std::string shown(std::string_view text) { return std::string(text.substr(0, shown_most)); }

std::string key_of(const IpAddress& address) { return std::string(as_text(address.bytes())); }

bool hex_digit(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return to_lower_ascii(c) - 'a' + 10;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// "1.2.3.4:443", "[2001:db8::1]:443", "1.2.3.4|443"
std::optional<ListedValue> parse_endpoint(std::string_view text) {
  const auto mark = text.find_last_of(":|");
  if (mark == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, mark);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  else if (text[mark] == ':' && host.find(':') != std::string_view::npos) return std::nullopt;
  const auto address = parse_address(host);
  const auto port = parse_unsigned(text.substr(mark + 1));
  if (!address || !port || *port == 0 || *port > 65535) return std::nullopt;
  return endpoint_value(*address, static_cast<std::uint16_t>(*port));
}

// With its "://"; 0: it has none. What stands in a path is none.
std::size_t scheme_size(std::string_view url) noexcept {
  const auto mark = url.find("://");
  if (mark == std::string_view::npos || mark == 0 || mark > 16 || url.find('/') != mark + 1) return 0;
  return url.find_first_of("[]@?#") < mark ? 0 : mark + 3;
}

// A host, in brackets when it is an IPv6 address, and a port of digits; a port that is empty is left away.
bool trim_port(std::string_view& authority) noexcept {
  if (authority.ends_with(':')) authority.remove_suffix(1);
  auto host = authority;
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    const auto port = authority.substr(colon + 1);
    const bool digits = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    if (port.empty() || port.size() > 5 || !digits) return false;
    host = authority.substr(0, colon);
  }
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return bracketed == (host.find(':') != std::string_view::npos);
}

std::unexpected<Error> no_value(std::string_view what, std::string_view text) {
  return fail(Code::invalid, fmt::format("`{}` is no {}", shown(text), what));
}

Result<ListedValue> parse_domain(std::string_view text, Reach reach) {
  if (text.starts_with("*.")) {
    text.remove_prefix(2);
    reach = Reach::subdomains;
  } else if (text.starts_with('.')) {
    text.remove_prefix(1);
    reach = Reach::subdomains;
  }
  std::array<char, domain_most + 1> buffer;
  const auto name = canonical_domain(text, buffer);
  if (name.empty()) return no_value("name of a domain", text);
  return ListedValue{Kind::domain, std::string(name), reach};
}

Result<ListedValue> parse_network_value(std::string_view text) {
  const auto network = parse_network(text, HostBits::clear);
  if (!network) return no_value("network", text);
  const bool single = network->prefix == network->base.bytes().size() * 8;
  if (single) return address_value(network->base);
  return ListedValue{Kind::network, key_of(network->base) + static_cast<char>(network->prefix), Reach::exact};
}

Result<ListedValue> parse_url(std::string_view text) {
  std::array<char, url_most> buffer;
  const auto canonical = canonical_url(text, buffer);
  if (canonical.empty()) return no_value("URL", text);
  return ListedValue{Kind::url, std::string(canonical), Reach::exact};
}

Result<ListedValue> parse_digest_as(Kind kind, std::string_view text) {
  std::string key(digest_size(kind), '\0');
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(key.data()), key.size());
  if (!parse_digest_into(text, bytes)) return no_value(kind_name(kind), text);
  return ListedValue{kind, std::move(key), Reach::exact};
}

}  // namespace

ListedValue address_value(const IpAddress& address) {
  return {Kind::address, key_of(address.unmapped()), Reach::exact};
}

ListedValue endpoint_value(const IpAddress& address, std::uint16_t port) {
  std::string key = key_of(address.unmapped());
  key += static_cast<char>(port >> 8);
  key += static_cast<char>(port & 0xFF);
  return {Kind::endpoint, std::move(key), Reach::exact};
}

std::string refang(std::string_view text) {
  std::string out(trim(text));
  const bool scheme = out.size() > 4 && equals_ignoring_case(std::string_view(out).substr(0, 4), "hxxp");
  // Nothing to undo in almost every value.
  if (out.find_first_of("[(") == std::string::npos && !scheme) return out;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> marks{
      {{"[.]", "."}, {"(.)", "."}, {"[dot]", "."}, {"(dot)", "."}, {"[:]", ":"}, {"[://]", "://"}, {"[/]", "/"}}};
  for (const auto& [mark, plain] : marks) replace_all(out, mark, plain);
  // A host may be called so; a scheme has "://" behind it.
  const auto end = out.find("://");
  if (scheme && (end == 4 || (end == 5 && to_lower_ascii(out[4]) == 's'))) out.replace(0, 3, "htt");
  return out;
}

bool is_domain(std::string_view lower) noexcept {
  if (lower.empty() || lower.size() > domain_most) return false;
  std::size_t label = 0;
  bool letters = false;  // in the last label: without one it is an address, or part of one
  for (const char c : lower) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      letters = false;
      continue;
    }
    const bool letter = c >= 'a' && c <= 'z';
    const bool digit = c >= '0' && c <= '9';
    if ((!letter && !digit && c != '-' && c != '_') || ++label > 63) return false;
    letters = letters || letter;
  }
  return label != 0 && letters;
}

std::string_view canonical_domain(std::string_view text, std::span<char> out) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > domain_most || text.size() > out.size()) return {};
  std::ranges::transform(text, out.begin(), to_lower_ascii);
  const std::string_view name(out.data(), text.size());
  return is_domain(name) ? name : std::string_view{};
}

std::string_view url_host(std::string_view canonical) noexcept {
  canonical.remove_prefix(scheme_size(canonical));
  canonical = canonical.substr(0, canonical.find('/'));
  if (canonical.starts_with('[')) return canonical.substr(1, canonical.find(']') - 1);
  return canonical.substr(0, canonical.find(':'));
}

std::string_view url_without_query(std::string_view canonical) noexcept {
  const auto mark = canonical.find('?');
  if (mark == std::string_view::npos || mark == 0) return {};
  const auto path = canonical.find('/', scheme_size(canonical));
  return path == std::string_view::npos || path + 1 >= mark ? std::string_view{} : canonical.substr(0, mark);
}

std::string_view canonical_url(std::string_view text, std::span<char> out) noexcept {
  text = trim(text);
  std::string_view scheme;
  if (const auto size = scheme_size(text); size != 0) {
    scheme = text.substr(0, size - 3);
    text.remove_prefix(size);
  } else if (text.find('/') == std::string_view::npos) {
    return {};
  }
  const bool web = scheme.empty() || equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https");
  text = text.substr(0, text.find('#'));
  auto authority = text.substr(0, text.find_first_of("/?"));
  const auto rest = text.substr(authority.size());
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (!trim_port(authority)) return {};
  if (web && authority.ends_with(":80")) authority.remove_suffix(3);
  else if (web && authority.ends_with(":443")) authority.remove_suffix(4);
  if (authority.empty()) return {};
  std::size_t size = 0;
  const auto put = [&](std::string_view part, bool lower) {
    if (size + part.size() > out.size()) return false;
    for (const char c : part) {
      // What no URL holds as it is: a value that was cut from a line, or hostile.
      if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) return false;
      out[size++] = lower ? to_lower_ascii(c) : c;
    }
    return true;
  };
  const bool fits = (web || (put(scheme, true) && put("://", false))) && put(authority, true) &&
                    (rest.starts_with('/') || put("/", false)) && put(rest, false);
  if (!fits) return {};
  const std::string_view canonical(out.data(), size);
  const auto host = url_host(canonical);
  return is_domain(host) || parse_address(host) ? canonical : std::string_view{};
}

bool parse_digest_into(std::string_view hex, std::span<std::uint8_t> out) noexcept {
  if (out.empty() || hex.size() != out.size() * 2 || !std::ranges::all_of(hex, hex_digit)) return false;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
  return true;
}

std::optional<Kind> digest_kind(std::size_t hex_digits) noexcept {
  switch (hex_digits) {
    case 32: return Kind::md5;
    case 40: return Kind::sha1;
    case 64: return Kind::sha256;
    default: return std::nullopt;
  }
}

std::size_t digest_size(Kind kind) noexcept {
  return kind == Kind::md5 ? 16 : kind == Kind::sha1 ? 20 : kind == Kind::sha256 ? 32 : 0;
}

bool is_ja4(std::string_view text) noexcept {
  if (text.size() != 36 || text[10] != '_' || text[23] != '_') return false;
  if (text[0] != 't' && text[0] != 'q' && text[0] != 'd') return false;
  const auto plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  if (!std::ranges::all_of(text.substr(1, 9), plain)) return false;
  for (std::size_t i = 11; i < text.size(); ++i)
    if (i != 23 && !hex_digit(text[i])) return false;
  return true;
}

Result<ListedValue> parse_value_as(Kind kind, std::string_view text, Reach reach) {
  const std::string plain = refang(text);
  switch (kind) {
    case Kind::address: {
      if (const auto address = parse_address(plain)) return address_value(*address);
      if (plain.find('/') != std::string::npos) return parse_network_value(plain);
      return no_value("address", plain);
    }
    case Kind::network: return parse_network_value(plain);
    case Kind::endpoint: {
      if (auto value = parse_endpoint(plain)) return std::move(*value);
      return no_value("address with a port", plain);
    }
    case Kind::domain: return parse_domain(plain, reach);
    case Kind::url: return parse_url(plain);
    case Kind::md5:
    case Kind::sha1:
    case Kind::sha256: return parse_digest_as(kind, plain);
    case Kind::ja4: {
      auto lower = lower_ascii(plain);
      if (!is_ja4(lower)) return no_value("JA4 fingerprint", plain);
      return ListedValue{Kind::ja4, std::move(lower), Reach::exact};
    }
  }
  return no_value("value", plain);
}

Result<ListedValue> parse_value(std::string_view text, Reach reach) {
  const std::string plain = refang(text);
  if (const auto address = parse_address(plain)) return address_value(*address);
  if (plain.find("://") != std::string::npos) return parse_url(plain);
  if (const auto network = parse_network(plain, HostBits::clear)) return parse_network_value(plain);
  if (auto endpoint = parse_endpoint(plain)) return std::move(*endpoint);
  if (const auto kind = digest_kind(plain.size()); kind && std::ranges::all_of(plain, hex_digit))
    return parse_digest_as(*kind, plain);
  if (is_ja4(plain)) return parse_value_as(Kind::ja4, plain, reach);
  if (const auto slash = plain.find('/'); slash != std::string::npos) {
    // Without a scheme "a/b" may be anything, and an address with a number behind it was meant as a network.
    const auto host = std::string_view(plain).substr(0, slash);
    if (parse_address(host) && parse_unsigned(std::string_view(plain).substr(slash + 1)))
      return no_value("network", plain);
    if (host.find_first_of(".:") == std::string_view::npos) return no_value("URL", plain);
    return parse_url(plain);
  }
  auto domain = parse_domain(plain, reach);
  if (domain) return domain;
  return no_value("address, network, domain, URL or hash", plain);
}

}  // namespace tocsin::rules::indicator
