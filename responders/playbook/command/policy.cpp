#include "responders/playbook/command/policy.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"
#include "responders/action/policy_reader.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 6> known_types{"bash", "ssh", "powershell", "http-api", "openc2-http", "yara"};

class Loader : PolicyReader {
 public:
  Loader(std::string_view file, Diagnostics& diagnostics) : PolicyReader("P0951", "commands", file, diagnostics) {}

  CommandPolicy run(std::string_view yaml) {
    read_settings(yaml, [&](const YAML::Node& key, const YAML::Node& value) { read(key, value); });
    return std::move(policy_);
  }

 private:
  void read_hosts(const YAML::Node& node, std::vector<std::string>& out) {
    out.clear();
    each(node, [&](const YAML::Node& item) {
      std::string host = scalar(item);
      const std::string_view name = host.starts_with("*.") ? std::string_view(host).substr(2) : host;
      const bool is_name = !name.empty() && name.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == std::string_view::npos;
      if (is_name || parse_network(host, HostBits::refuse)) out.push_back(std::move(host));
      else report(item, fmt::format("\"{}\" is no host name, name with *. before it, or network", host));
    });
  }

  void read_types(const YAML::Node& node) {
    each(node, [&](const YAML::Node& item) {
      std::string type = scalar(item);
      if (std::find(known_types.begin(), known_types.end(), type) != known_types.end())
        policy_.types.insert(std::move(type));
      else report(item, fmt::format("\"{}\" is no type of command that can be run here", type));
    });
  }

  void read_path(const YAML::Node& node, std::string& into) {
    if (auto one = path(node)) into = std::move(*one);
  }

  void read_size(const YAML::Node& node) {
    const auto size = parse_byte_size(scalar(node));
    constexpr std::uint64_t most = 1U << 20U;
    if (!size || *size == 0 || *size > most) report(node, "a size of at most 1MiB is expected");
    else policy_.output_most = *size;
  }

  void read_signatures(const YAML::Node& node) {
    const std::string asked = scalar(node);
    if (asked == "shells") policy_.signatures = CommandPolicy::Signatures::shells;
    else if (asked == "all") policy_.signatures = CommandPolicy::Signatures::all;
    else report(node, "signatures are asked of shells or all");
  }

  void read(const YAML::Node& key, const YAML::Node& node) {
    const std::string& name = key.Scalar();
    if (name == "types") read_types(node);
    else if (name == "signatures") read_signatures(node);
    else if (name == "keys") read_path(node, policy_.keys);
    else if (name == "credentials") read_path(node, policy_.credentials);
    else if (name == "authorities") read_path(node, policy_.authorities);
    else if (name == "responder") read_path(node, policy_.responder);
    else if (name == "hosts") read_hosts(node, policy_.hosts);
    else if (name == "plain_http") read_hosts(node, policy_.plain_http);
    else if (name == "max_tlp") marking(node, policy_.max_tlp);
    else if (name == "paths")
      each(node, [&](const YAML::Node& item) {
        if (auto one = path(item)) policy_.paths.push_back(std::move(*one));
      });
    else if (name == "users")
      each(node, [&](const YAML::Node& item) {
        if (const auto id = number(item, 0, UINT32_MAX - 1)) policy_.users.insert(static_cast<std::uint32_t>(*id));
      });
    else if (name == "time_most") duration(node, policy_.time_most);
    else if (name == "output_most") read_size(node);
    else if (name == "redirects_most") whole(node, 0, 10, policy_.redirects_most);
    else if (name == "running_most") whole(node, 1, 256, policy_.running_most);
    else report(key, fmt::format("unknown key \"{}\"", name.substr(0, 60)));
  }

  CommandPolicy policy_;
};

}  // namespace

bool CommandPolicy::needs_signature(std::string_view type) const noexcept {
  return signatures == Signatures::all || type == "bash" || type == "ssh" || type == "powershell";
}

bool CommandPolicy::covers(const std::vector<std::string>& list, std::string_view host) {
  const auto address = parse_address(host);
  return std::any_of(list.begin(), list.end(), [&](const std::string& item) {
    if (address) {
      const auto network = parse_network(item, HostBits::refuse);
      return network && network->contains(*address);
    }
    if (item.starts_with("*.")) {
      const std::string_view tail = std::string_view(item).substr(1);
      return host.size() > tail.size() && equals_ignoring_case(host.substr(host.size() - tail.size()), tail);
    }
    return equals_ignoring_case(item, host);
  });
}

CommandPolicy load_command_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics) {
  return Loader(file, diagnostics).run(yaml);
}

}  // namespace tocsin::responders
