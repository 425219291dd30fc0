#include "daemon/config/config.h"

#include <fmt/format.h>

#include "daemon/config/names.h"

namespace tocsin::daemon {
namespace {

template <class Enum>
std::string_view name_in_table(Enum value) noexcept {
  return names_for(value)[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view name_of(LogKind kind) noexcept { return name_in_table(kind); }
std::string_view name_of(RespondMode mode) noexcept { return name_in_table(mode); }
std::string_view name_of(RespondSignatures signatures) noexcept { return name_in_table(signatures); }
std::string_view name_of(rules::signature::Syntax syntax) noexcept { return name_in_table(syntax); }
std::string_view name_of(rules::indicator::Reach reach) noexcept { return name_in_table(reach); }
std::string_view name_of(rules::Tlp tlp) noexcept { return name_in_table(tlp); }
std::string_view name_of(SinkKind kind) noexcept { return name_in_table(kind); }
std::string_view name_of(ReportKind kind) noexcept { return name_in_table(kind); }
std::string_view name_of(ReportFormat format) noexcept { return name_in_table(format); }

RulesConfig::RulesConfig() {
  for (const auto* text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"})
    if (const auto network = parse_network(text, HostBits::refuse)) home_networks.push_back(*network);
}

Config::Config() {
  ReportConfig daily;
  daily.calendar = "*-*-* 06:00";
  reports.push_back(std::move(daily));
}

std::string render_byte_size(ByteSize size) {
  static constexpr std::pair<unsigned, std::string_view> units[] = {{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, name] : units)
    if (size.bytes != 0 && size.bytes % (std::uint64_t{1} << shift) == 0)
      return fmt::format("{}{}", size.bytes >> shift, name);
  return fmt::format("{}", size.bytes);
}

}  // namespace tocsin::daemon
