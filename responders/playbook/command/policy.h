#pragma once
// What commands of playbooks may do on this host: one YAML file (etc/commands.yaml), read at start by whoever carries
// them out. The defaults allow nothing. Values only.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "collectors/base/time.h"
#include "rules/marking.h"

namespace tocsin::responders {

struct CommandPolicy {
  std::set<std::string, std::less<>> types;  // "bash", "ssh", …; others are refused (sigma is tocsind's own)
  // Shells (bash, ssh, powershell) always need a signature that counts; with `all` every command does.
  enum class Signatures : std::uint8_t { shells, all } signatures = Signatures::all;
  std::string keys;                      // directory of trusted keys, PEM; `revoked` in it counts against
  std::string credentials;               // directory of the key store
  std::vector<std::string> hosts;        // names ("db1.example.org", "*.example.org") and networks that may be reached
  std::vector<std::string> plain_http;   // of them, without TLS
  rules::Tlp max_tlp = rules::tlp_most;  // the strictest marking of an incident whose values go to them; never red
  std::string authorities;               // file of certificates to trust; empty: the system's
  std::vector<std::string> paths;        // below which files may be read by YARA
  std::string responder;                 // socket of who lends memory of processes to YARA; empty: none is looked into
  std::set<std::uint32_t> users;         // who may ask, beside root's and our own uid
  Duration time_most = std::chrono::minutes(10);
  std::size_t output_most = std::size_t{256} << 10U;
  unsigned redirects_most = 3;
  std::size_t running_most = 16;

  bool needs_signature(std::string_view type) const noexcept;
  static bool covers(const std::vector<std::string>& list, std::string_view host);
};

// Mistakes are reported (P0951, with place); the caller refuses to start on an error.
CommandPolicy load_command_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics);

}  // namespace tocsin::responders
