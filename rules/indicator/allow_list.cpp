#include "rules/indicator/allow_list.h"

#include <libpsl.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::array<std::string_view, 22> reserved{
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",    "255.255.255.255/32",
    "::/128",         "::1/128",        "fc00::/7",      "fe80::/10",   "ff00::/8",       "fec0::/10",
    "64:ff9b:1::/48", "100::/64",       "::/96",         "2001:2::/48"};

// Narrower is fit; from the second on it is refused.
struct Limits {
  std::uint8_t wide;
  std::uint8_t too_wide;
};
constexpr Limits limits_v4{11, 7};   // up to 2,097,152 addresses pass unremarked
constexpr Limits limits_v6{28, 15};  // registries give providers /29 to /32

std::string_view network_base(std::string_view key) { return key.substr(0, key.size() - 1); }

IpAddress address_of(std::string_view key) noexcept {
  const auto bytes = as_bytes(key);
  return key.size() == 16 ? IpAddress::v6(bytes) : key.size() == 4 ? IpAddress::v4(bytes) : IpAddress{};
}

bool is_below(std::string_view name, std::string_view domain) noexcept {
  if (!name.ends_with(domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

Broadness judge_network(std::string_view key) {
  const auto prefix = static_cast<std::uint8_t>(key.back());
  const auto& limits = network_base(key).size() == 4 ? limits_v4 : limits_v6;
  if (prefix > limits.wide) return {};
  return {prefix <= limits.too_wide ? Breadth::too_wide : Breadth::wide,
          fmt::format("a /{} holds a large part of the Internet", prefix)};
}

Broadness judge_domain(const ListedValue& value) {
  if (value.key.find('.') == std::string::npos)
    return {Breadth::too_wide, "a name without a dot is a top-level domain or a host of the local network"};
  const auto* list = psl_builtin();
  if (list == nullptr) return {};
  if (psl_is_public_suffix2(list, value.key.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0)
    return {Breadth::too_wide, "names are registered below this public suffix by everybody"};
  if (value.reach == Reach::subdomains &&
      psl_is_public_suffix2(list, value.key.c_str(), PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE) != 0)
    return {Breadth::wide, "the names below it belong to different customers of a hosting service"};
  return {};
}

}  // namespace

AllowList::AllowList() {
  for (const auto text : reserved)
    if (const auto network = parse_network(text, HostBits::clear)) networks_.push_back(*network);
}

Result<void> AllowList::add(std::string_view text) {
  TOCSIN_TRY(auto value, parse_value(text, Reach::subdomains));
  switch (value.kind) {
    case Kind::address: {
      const auto address = address_of(value.key);
      networks_.push_back({address, static_cast<std::uint8_t>(address.bytes().size() * 8)});
      return {};
    }
    case Kind::network:
      networks_.push_back({address_of(network_base(value.key)), static_cast<std::uint8_t>(value.key.back())});
      return {};
    case Kind::domain: domains_.push_back(std::move(value.key)); return {};
    default: return fail(Code::invalid, fmt::format("`{}` is no address, network or domain", text));
  }
}

bool AllowList::allows(const IpAddress& given) const noexcept {
  const auto address = given.unmapped();
  return std::ranges::any_of(networks_, [&](const Network& network) { return network.contains(address); });
}

bool AllowList::allows(std::string_view name) const noexcept {
  return std::ranges::any_of(domains_, [&](const std::string& domain) { return is_below(name, domain); });
}

bool AllowList::allows_text(std::string_view seen) const {
  if (const auto address = parse_address(seen)) return allows(*address);
  const auto value = parse_value(seen, Reach::exact);
  return value && covers(*value);
}

bool AllowList::covers(const ListedValue& value) const {
  switch (value.kind) {
    case Kind::address: return allows(address_of(value.key));
    case Kind::endpoint: return allows(address_of(std::string_view(value.key).substr(0, value.key.size() - 2)));
    case Kind::network: {
      const auto base = address_of(network_base(value.key));
      const auto prefix = static_cast<std::uint8_t>(value.key.back());
      return std::ranges::any_of(
          networks_, [&](const Network& network) { return network.prefix <= prefix && network.contains(base); });
    }
    case Kind::domain: return allows(std::string_view(value.key));
    case Kind::url: {
      const auto host = url_host(value.key);
      if (const auto address = parse_address(host)) return allows(*address);
      return allows(host);
    }
    default: return false;
  }
}

Broadness judge_broadness(const ListedValue& value) {
  if (value.kind == Kind::network) return judge_network(value.key);
  return value.kind == Kind::domain ? judge_domain(value) : Broadness{};
}

}  // namespace tocsin::rules::indicator
