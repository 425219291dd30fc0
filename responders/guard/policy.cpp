#include "responders/guard/policy.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"
#include "responders/action/policy_reader.h"
#include "responders/action/table.h"
#include "responders/guard/channel_reader.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 7> days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<std::string_view, 4> modes{"observe", "rehearse", "approve", "automatic"};

// What runs the host and what runs us. A response that moves these away does the attacker's work.
constexpr std::array<const char*, 14> protected_paths{"/bin",   "/boot",  "/dev",          "/etc",           "/lib",
                                                      "/lib32", "/lib64", "/proc",         "/run",           "/sbin",
                                                      "/sys",   "/usr",   "/var/lib/dpkg", "/var/lib/tocsin"};

std::optional<GuardMode> parse_mode(std::string_view text) noexcept {
  for (std::size_t i = 0; i < modes.size(); ++i)
    if (modes[i] == text) return static_cast<GuardMode>(i);
  return std::nullopt;
}

class PolicyLoader : PolicyReader {
 public:
  PolicyLoader(std::string_view file, Diagnostics& diagnostics)
      : PolicyReader("P0901", "policy", file, diagnostics), channels_(file, diagnostics) {
    for (const char* path : protected_paths) policy_.never_touch_paths.emplace_back(path);
  }

  Policy run(std::string_view yaml) {
    read_settings(yaml, [&](const YAML::Node& key, const YAML::Node& value) { read(key, value); });
    return std::move(policy_);
  }

 private:
  void mode(const YAML::Node& node, GuardMode& out) {
    if (const auto value = parse_mode(scalar(node))) out = *value;
    else report(node, "observe, rehearse, approve or automatic is expected");
  }

  void read(const YAML::Node& key_node, const YAML::Node& value) {
    const std::string& key = key_node.Scalar();
    if (key == "mode") mode(value, policy_.mode);
    else if (key == "modes") read_modes(value);
    else if (key == "ttl_most") duration(value, policy_.ttl_most);
    else if (key == "approval_expires") duration(value, policy_.approval_expires);
    else if (key == "per_minute") whole(value, 0, 10'000, policy_.per_minute);
    else if (key == "rule_per_minute") whole(value, 0, 10'000, policy_.rule_per_minute);
    else if (key == "live_most") whole(value, 0, 65'535, policy_.live_most);
    else if (key == "depth_most") whole(value, 0, 16, policy_.depth_most);
    else if (key == "cooldown") duration(value, policy_.cooldown);
    else if (key == "prefix_least") read_prefixes(value);
    else if (key == "never_touch") read_networks(value, policy_.never_touch);
    else if (key == "never_touch_paths") read_paths(value, policy_.never_touch_paths);
    else if (key == "never_touch_programs") read_paths(value, policy_.never_touch_programs);
    else if (key == "never_touch_units")
      each(value, [&](const YAML::Node& item) { policy_.never_touch_units.push_back(scalar(item)); });
    else if (key == "never_touch_domains")
      each(value, [&](const YAML::Node& item) { policy_.never_touch_domains.push_back(lower_ascii(scalar(item))); });
    else if (key == "break_glass")
      each(value, [&](const YAML::Node& item) { policy_.break_glass.insert(scalar(item)); });
    else read_more(key, key_node, value);
  }

  void read_more(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    if (key == "management_ports") {
      policy_.management_ports.clear();
      each(value, [&](const YAML::Node& item) {
        if (const auto n = number(item, 1, 65'535)) policy_.management_ports.push_back(static_cast<std::uint16_t>(*n));
      });
    } else if (key == "roles") read_roles(value);
    else if (key == "channels")
      each(value, [&](const YAML::Node& item) {
        if (auto channel = channels_.read(item)) policy_.channels.all.push_back(std::move(*channel));
      });
    else if (key == "rule_modes")
      entries(value,
              [&](const YAML::Node& name, const YAML::Node& item) { mode(item, policy_.rule_modes[scalar(name)]); });
    else if (key == "asset_modes") read_asset_modes(value);
    else if (key == "blast_most") read_by_radius(value, 0, 65'535, policy_.blast_most);
    else if (key == "quorum") read_by_radius(value, 1, 9, policy_.quorum);
    else if (key == "trips") read_trips(value);
    else if (key == "maintenance") each(value, [&](const YAML::Node& item) { read_window(item); });
    else if (key == "confirm_within") read_confirmations(value);
    else if (key == "isolation") read_isolation(value);
    else report(key_node, fmt::format("\"{}\" is not a setting of the guard", key));
  }

  void read_modes(const YAML::Node& node) {
    for (const auto& entry : node) {
      const std::string action = entry.first.Scalar();
      if (find_action(action) == nullptr) report(entry.first, fmt::format("there is no action {}", action));
      else mode(entry.second, policy_.modes[action]);
    }
  }

  void read_prefixes(const YAML::Node& node) {
    for (const auto& entry : node) {
      if (entry.first.Scalar() == "ipv4") {
        if (const auto n = number(entry.second, 8, 32)) policy_.prefix_least_v4 = static_cast<std::uint8_t>(*n);
      } else if (entry.first.Scalar() == "ipv6") {
        if (const auto n = number(entry.second, 16, 128)) policy_.prefix_least_v6 = static_cast<std::uint8_t>(*n);
      } else {
        report(entry.first, "ipv4 or ipv6 is expected");
      }
    }
  }

  void read_networks(const YAML::Node& node, std::vector<Network>& out) {
    each(node, [&](const YAML::Node& item) {
      if (const auto network = parse_network(scalar(item), HostBits::refuse)) out.push_back(*network);
      else report(item, "an address or network is expected");
    });
  }

  void read_paths(const YAML::Node& node, std::vector<std::string>& out) {
    each(node, [&](const YAML::Node& item) {
      if (auto one = path(item)) out.push_back(std::move(*one));
    });
  }

  void read_asset_modes(const YAML::Node& node) {
    entries(node, [&](const YAML::Node& level, const YAML::Node& value) {
      if (const auto n = number(level, 1, 5)) mode(value, policy_.asset_modes[*n].emplace(GuardMode::rehearse));
    });
  }

  template <class Array>
  void read_by_radius(const YAML::Node& node, std::uint64_t least, std::uint64_t most, Array& out) {
    entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
      for (std::size_t i = 0; i < blast_radii; ++i)
        if (blast_radius_name(static_cast<BlastRadius>(i)) == name.Scalar()) {
          whole(value, least, most, out[i]);
          return;
        }
      report(name, "message, file, process, peer, account, service, network or host is expected");
    });
  }

  void read_trips(const YAML::Node& node) {
    entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
      if (name.Scalar() == "after") whole(value, 1, 1000, policy_.trip_after);
      else if (name.Scalar() == "within") duration(value, policy_.trip_within);
      else report(name, "after or within is expected");
    });
  }

  void read_confirmations(const YAML::Node& node) {
    entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
      if (find_action(name.Scalar()) == nullptr) report(name, fmt::format("there is no action {}", name.Scalar()));
      else duration(value, policy_.confirm_within[name.Scalar()]);
    });
  }

  void read_window(const YAML::Node& node) {
    MaintenanceWindow window;
    entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
      const std::string& key = name.Scalar();
      if (key == "from") time_of_day(value, window.from);
      else if (key == "until") time_of_day(value, window.until);
      else if (key == "days") {
        window.days = 0;
        each(value, [&](const YAML::Node& day) {
          const auto at = std::find(days.begin(), days.end(), scalar(day));
          if (at == days.end()) report(day, "mon, tue, wed, thu, fri, sat or sun is expected");
          else window.days = static_cast<std::uint8_t>(window.days | 1U << static_cast<unsigned>(at - days.begin()));
        });
      } else {
        report(name, "days, from or until is expected");
      }
    });
    policy_.maintenance.push_back(window);
  }
  void time_of_day(const YAML::Node& node, std::uint16_t& out) {
    const std::string text = scalar(node);
    const auto hour = text.size() == 5 && text[2] == ':' ? parse_unsigned(text.substr(0, 2)) : std::nullopt;
    const auto minute = hour ? parse_unsigned(text.substr(3)) : std::nullopt;
    if (minute && *minute < 60 && *hour * 60 + *minute <= 24 * 60)
      out = static_cast<std::uint16_t>(*hour * 60 + *minute);
    else report(node, "a time such as \"22:30\", in UTC, is expected");
  }

  void read_isolation(const YAML::Node& node) {
    entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
      if (name.Scalar() == "management") read_networks(value, policy_.isolation.management);
      else if (name.Scalar() == "lease") {
        duration(value, policy_.isolation.lease);
        if (policy_.isolation.lease < std::chrono::seconds(5) || policy_.isolation.lease > std::chrono::minutes(10))
          report(value, "a lease from 5s to 10m is expected");
      } else if (name.Scalar() == "proof") {
        each(value, [&](const YAML::Node& item) { read_endpoint(item); });
      } else {
        report(name, "management, proof or lease is expected");
      }
    });
    for (const Endpoint& endpoint : policy_.isolation.proof)
      if (std::none_of(policy_.isolation.management.begin(), policy_.isolation.management.end(),
                       [&](const Network& network) { return network.contains(endpoint.address); }))
        report(node, fmt::format("{} is in none of the management networks", render_address(endpoint.address)));
  }
  // "192.0.2.1:22", "[2001:db8::1]:22"; never a name: resolving one is what an isolated host cannot do.
  void read_endpoint(const YAML::Node& node) {
    const std::string text = scalar(node);
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = parse_address(host);
    const auto port = colon == std::string::npos ? std::nullopt : parse_unsigned(text.substr(colon + 1));
    constexpr std::size_t endpoints_most = 4;
    if (!address || !port || *port == 0 || *port > 65'535)
      report(node, "an address and port such as \"192.0.2.1:22\" or \"[2001:db8::1]:22\" is expected");
    else if (policy_.isolation.proof.size() == endpoints_most) report(node, "four endpoints are the most");
    else policy_.isolation.proof.push_back({*address, static_cast<std::uint16_t>(*port)});
  }

  void read_roles(const YAML::Node& node) {
    for (const auto& entry : node) {
      RoleMembers* role = entry.first.Scalar() == "responder"  ? &policy_.responders
                          : entry.first.Scalar() == "approver" ? &policy_.approvers
                          : entry.first.Scalar() == "viewer"   ? &policy_.viewers
                          : entry.first.Scalar() == "reader"   ? &policy_.readers
                                                               : nullptr;
      if (role == nullptr) {
        report(entry.first, "viewer, reader, responder or approver is expected");
        continue;
      }
      if (entry.second["users"])
        each(entry.second["users"], [&](const YAML::Node& item) {
          if (const auto id = user_id(item)) role->users.insert(*id);
        });
      if (entry.second["groups"])
        each(entry.second["groups"], [&](const YAML::Node& item) {
          if (const auto id = group_id(item)) role->groups.insert(*id);
        });
    }
  }

  // A name that does not exist (yet) is a warning: packages are configured before their users are made.
  void unknown(const YAML::Node& item, std::string_view what) {
    warn(item, "P0902", "roles", fmt::format("there is no {} {}", what, item.Scalar()));
  }
  // What is too large must not wrap around to somebody else's number; the largest means "nobody".
  std::optional<std::uint32_t> whole_id(const YAML::Node& item, std::uint64_t id) {
    if (id < UINT32_MAX) return static_cast<std::uint32_t>(id);
    report(item, fmt::format("{} cannot be the number of a user or group", id));
    return std::nullopt;
  }
  std::optional<std::uint32_t> user_id(const YAML::Node& item) {
    const std::string name = scalar(item);
    if (const auto id = parse_unsigned(name)) return whole_id(item, *id);
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16384> buffer{};
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
      return found->pw_uid;
    unknown(item, "user");
    return std::nullopt;
  }
  std::optional<std::uint32_t> group_id(const YAML::Node& item) {
    const std::string name = scalar(item);
    if (const auto id = parse_unsigned(name)) return whole_id(item, *id);
    group entry{};
    group* found = nullptr;
    std::array<char, 65536> buffer{};
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
      return found->gr_gid;
    unknown(item, "group");
    return std::nullopt;
  }

  ChannelReader channels_;
  Policy policy_;
};

}  // namespace

std::string_view guard_mode_name(GuardMode mode) noexcept { return modes[static_cast<std::size_t>(mode)]; }

GuardMode Policy::mode_of(std::string_view action) const {
  const auto own = modes.find(action);
  return own == modes.end() ? mode : own->second;
}

GuardMode Policy::mode_of(std::string_view action, std::string_view rule, std::uint8_t asset_level) const {
  GuardMode out = mode_of(action);
  if (const auto at = rule_modes.find(rule); at != rule_modes.end()) out = std::min(out, at->second);
  if (asset_level < asset_modes.size() && asset_modes[asset_level]) out = std::min(out, *asset_modes[asset_level]);
  return out;
}

bool MaintenanceWindow::holds(Time now) const noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const auto minute = std::chrono::floor<std::chrono::minutes>(now - day).count();
  const unsigned weekday = std::chrono::weekday(std::chrono::sys_days(day.time_since_epoch())).iso_encoding() - 1;
  const auto on = [&](unsigned d) { return (days >> d & 1U) != 0; };
  if (from <= until) return on(weekday) && minute >= from && minute < until;
  return (on(weekday) && minute >= from) || (on((weekday + 6) % 7) && minute < until);
}

Policy load_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics) {
  return PolicyLoader(file, diagnostics).run(yaml);
}

}  // namespace tocsin::responders
