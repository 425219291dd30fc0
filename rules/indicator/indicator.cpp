#include "rules/indicator/indicator.h"

#include <algorithm>
#include <limits>

#include "collectors/base/address.h"
#include "collectors/base/text.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::array<std::string_view, kinds> kind_names{"address", "network", "endpoint", "domain", "url",
                                                         "md5",     "sha1",    "sha256",   "ja4"};

IpAddress address_of(std::string_view key) noexcept {
  if (key.size() >= 16) return IpAddress::v6(as_bytes(key.substr(0, 16)));
  return key.size() >= 4 ? IpAddress::v4(as_bytes(key.substr(0, 4))) : IpAddress{};
}

std::string hex(std::string_view bytes) { return to_hex(as_bytes(bytes).data(), bytes.size()); }

}  // namespace

std::string_view kind_name(Kind kind) noexcept { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<Kind> parse_kind(std::string_view name) noexcept {
  const auto found = std::ranges::find(kind_names, name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<Kind>(found - kind_names.begin());
}

Second to_second(Time time) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  return static_cast<Second>(std::clamp<std::int64_t>(seconds, 1, std::numeric_limits<Second>::max()));
}

std::string render_value(Kind kind, std::string_view key) {
  switch (kind) {
    case Kind::address: return render_address(address_of(key));
    case Kind::network: {
      if (key.empty()) return {};
      const auto prefix = static_cast<std::uint8_t>(key.back());
      return render_network({address_of(key.substr(0, key.size() - 1)), prefix});
    }
    case Kind::endpoint: {
      if (key.size() < 2) return {};
      const auto port = key.substr(key.size() - 2);
      const auto address = address_of(key.substr(0, key.size() - 2));
      const auto number = static_cast<unsigned>(static_cast<std::uint8_t>(port[0]) << 8) |
                          static_cast<unsigned>(static_cast<std::uint8_t>(port[1]));
      const auto text = render_address(address);
      return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(number);
    }
    case Kind::md5:
    case Kind::sha1:
    case Kind::sha256: return hex(key);
    case Kind::domain:
    case Kind::url:
    case Kind::ja4: break;
  }
  return std::string(key);
}

}  // namespace tocsin::rules::indicator
