#pragma once
// Whose socket a flow of this host is: found beside the packets (daemon/app/owner), put into its records and its
// alerts. What could not be found out stays empty.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tocsin::collectors {

struct FlowOwner {
  std::optional<std::uint32_t> user;  // numeric id
  std::string user_name;
  std::optional<std::uint32_t> process;  // id
  std::string process_name;
  std::string executable;
  std::string cgroup;  // below the root of the hierarchy: "/system.slice/nginx.service"
  std::string unit;    // of systemd: "nginx.service"
};
using FlowOwnerRef = std::shared_ptr<const FlowOwner>;

// Any thread.
class FlowOwnerSource {
 public:
  virtual ~FlowOwnerSource() = default;
  // Null: not of this host, or not known.
  virtual FlowOwnerRef owner(std::uint64_t flow) = 0;
};

}  // namespace tocsin::collectors
