#include "responders/guard/policy.h"

#include <grp.h>
#include <pwd.h>

#include <array>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"
#include "responders/action/table.h"

namespace tocsin::responders {
namespace {

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

class PolicyLoader {
 public:
  PolicyLoader(std::string_view file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {
    for (const char* path : protected_paths) policy_.never_touch_paths.emplace_back(path);
  }

  Policy run(std::string_view yaml) {
    try {
      const YAML::Node root = YAML::Load(std::string(yaml));
      if (root.IsNull()) return policy_;
      if (!root.IsMap()) {
        report(root, "the policy must be a map");
        return policy_;
      }
      for (const auto& entry : root) read(entry.first, entry.second);
    } catch (const YAML::Exception& problem) {
      report(problem.mark, problem.msg);
    }
    return policy_;
  }

 private:
  void report(const YAML::Mark& mark, std::string cause) {
    diagnostics_.add({.severity = Severity::error,
                      .code = "P0901",
                      .file = file_,
                      .line = static_cast<std::uint32_t>(mark.line + 1),
                      .column = static_cast<std::uint32_t>(mark.column + 1),
                      .item = "policy",
                      .cause = std::move(cause),
                      .next_step = {}});
  }
  void report(const YAML::Node& node, std::string cause) { report(node.Mark(), std::move(cause)); }

  std::string scalar(const YAML::Node& node) {
    if (node.IsScalar()) return node.Scalar();
    report(node, "a single value is expected");
    return {};
  }
  void each(const YAML::Node& list, const std::function<void(const YAML::Node&)>& take) {
    if (!list.IsSequence()) report(list, "a list is expected");
    else
      for (const YAML::Node& item : list) take(item);
  }
  std::optional<std::uint64_t> number(const YAML::Node& node, std::uint64_t least, std::uint64_t most) {
    const auto value = parse_unsigned(scalar(node));
    if (value && *value >= least && *value <= most) return value;
    report(node, fmt::format("a number from {} to {} is expected", least, most));
    return std::nullopt;
  }
  void duration(const YAML::Node& node, Duration& out) {
    const auto value = parse_duration(scalar(node));
    if (value && *value > Duration::zero()) out = *value;
    else report(node, "a duration such as 30m or 24h is expected");
  }
  void mode(const YAML::Node& node, GuardMode& out) {
    if (const auto value = parse_mode(scalar(node))) out = *value;
    else report(node, "observe, rehearse, approve or automatic is expected");
  }

  void read(const YAML::Node& key_node, const YAML::Node& value) {
    const std::string key = key_node.Scalar();
    if (key == "mode") mode(value, policy_.mode);
    else if (key == "modes") read_modes(value);
    else if (key == "ttl_most") duration(value, policy_.ttl_most);
    else if (key == "approval_expires") duration(value, policy_.approval_expires);
    else if (key == "per_minute") {
      if (const auto n = number(value, 0, 10'000)) policy_.per_minute = static_cast<std::uint32_t>(*n);
    } else if (key == "live_most") {
      if (const auto n = number(value, 0, 65'535)) policy_.live_most = static_cast<std::uint32_t>(*n);
    } else if (key == "prefix_least") read_prefixes(value);
    else if (key == "never_touch") read_networks(value);
    else if (key == "never_touch_paths") read_paths(value);
    else if (key == "management_ports") {
      policy_.management_ports.clear();
      each(value, [&](const YAML::Node& item) {
        if (const auto n = number(item, 1, 65'535)) policy_.management_ports.push_back(static_cast<std::uint16_t>(*n));
      });
    } else if (key == "roles") read_roles(value);
    else if (key == "channels") each(value, [&](const YAML::Node& item) { read_channel(item); });
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

  void read_networks(const YAML::Node& node) {
    each(node, [&](const YAML::Node& item) {
      if (const auto network = parse_network(scalar(item), HostBits::refuse)) policy_.never_touch.push_back(*network);
      else report(item, "an address or network is expected");
    });
  }

  void read_paths(const YAML::Node& node) {
    each(node, [&](const YAML::Node& item) {
      std::string path = scalar(item);
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
      if (path.starts_with('/')) policy_.never_touch_paths.push_back(std::move(path));
      else report(item, "an absolute path is expected");
    });
  }

  void read_roles(const YAML::Node& node) {
    for (const auto& entry : node) {
      RoleMembers* role = entry.first.Scalar() == "responder"  ? &policy_.responders
                          : entry.first.Scalar() == "approver" ? &policy_.approvers
                          : entry.first.Scalar() == "viewer"   ? &policy_.viewers
                                                               : nullptr;
      if (role == nullptr) {
        report(entry.first, "viewer, responder or approver is expected");
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
    diagnostics_.add({.severity = Severity::warning,
                      .code = "P0902",
                      .file = file_,
                      .line = static_cast<std::uint32_t>(item.Mark().line + 1),
                      .column = static_cast<std::uint32_t>(item.Mark().column + 1),
                      .item = "roles",
                      .cause = fmt::format("there is no {} {}", what, item.Scalar()),
                      .next_step = {}});
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

  void read_channel(const YAML::Node& node) {
    NotifyChannel channel;
    if (!node.IsMap()) {
      report(node, "a channel must be a map");
      return;
    }
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (key == "name") channel.name = scalar(entry.second);
      else if (key == "url") channel.url = scalar(entry.second);
      else if (key == "from") channel.from = scalar(entry.second);
      else if (key == "to") each(entry.second, [&](const YAML::Node& item) { channel.to.push_back(scalar(item)); });
      else if (key == "user") channel.user = scalar(entry.second);
      else if (key == "password") channel.password = scalar(entry.second);
      else if (key == "timeout") duration(entry.second, channel.timeout);
      else if (key == "kind") read_kind(entry.second, channel);
      else report(entry.first, fmt::format("\"{}\" is not a setting of a channel", key));
    }
    if (channel.name.empty() || channel.url.empty()) report(node, "a channel needs \"name\", \"kind\" and \"url\"");
    else if (channel.kind == NotifyChannel::Kind::mail && (channel.from.empty() || channel.to.empty()))
      report(node, "a mail channel needs \"from\" and \"to\"");
    else policy_.channels.all.push_back(std::move(channel));
  }
  void read_kind(const YAML::Node& node, NotifyChannel& channel) {
    const std::string kind = scalar(node);
    if (kind == "mail") channel.kind = NotifyChannel::Kind::mail;
    else if (kind == "webhook") channel.kind = NotifyChannel::Kind::webhook;
    else if (kind == "syslog") channel.kind = NotifyChannel::Kind::syslog;
    else report(node, "mail, webhook or syslog is expected");
  }

  const std::string file_;
  Diagnostics& diagnostics_;
  Policy policy_;
};

}  // namespace

std::string_view guard_mode_name(GuardMode mode) noexcept { return modes[static_cast<std::size_t>(mode)]; }

GuardMode Policy::mode_of(std::string_view action) const {
  const auto own = modes.find(action);
  return own == modes.end() ? mode : own->second;
}

Policy load_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics) {
  return PolicyLoader(file, diagnostics).run(yaml);
}

}  // namespace tocsin::responders
