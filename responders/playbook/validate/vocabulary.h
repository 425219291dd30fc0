#pragma once
// The word lists of CACAO 2.0. Open vocabularies (…-ov) allow other words; the lists say which are expected.

#include <algorithm>
#include <array>
#include <string_view>

namespace tocsin::responders {

// playbook-type-ov, section 3.2
inline constexpr std::array<std::string_view, 8> playbook_types{
    "attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation"};

// playbook-activity-type-ov, section 3.3
inline constexpr std::array<std::string_view, 22> playbook_activities{"compose-content",
                                                                      "deliver-content",
                                                                      "identify-audience",
                                                                      "identify-channel",
                                                                      "scan-system",
                                                                      "match-indicator",
                                                                      "analyze-collected-data",
                                                                      "identify-indicators",
                                                                      "scan-vulnerabilities",
                                                                      "configure-systems",
                                                                      "restrict-access",
                                                                      "disconnect-system",
                                                                      "eliminate-risk",
                                                                      "revert-system",
                                                                      "restore-data",
                                                                      "restore-capabilities",
                                                                      "map-network",
                                                                      "identify-steps",
                                                                      "step-sequence",
                                                                      "prepare-engagement",
                                                                      "execute-operation",
                                                                      "analyze-engagement-results"};

// command-type-ov, section 5.1, and our own "tocsin".
inline constexpr std::array<std::string_view, 13> command_types{
    "manual",      "bash",       "caldera-cmd", "elastic", "http-api", "jupyter", "kestrel",
    "openc2-http", "powershell", "sigma",       "ssh",     "yara",     "tocsin"};

// Of our approvals extension: what people may be, as the daemon's control socket knows them.
inline constexpr std::array<std::string_view, 5> approval_roles{"viewer", "analyst", "responder", "approver", "admin"};

// agent-target-type-ov, section 7.2
inline constexpr std::array<std::string_view, 10> agent_types{
    "group",    "individual", "location",    "organization",      "sector",
    "http-api", "linux",      "net-address", "security-category", "ssh"};

// authentication-info-type-ov, section 6.2
inline constexpr std::array<std::string_view, 3> authentication_types{"http-basic", "oauth2", "user-auth"};

// section 9.1: a closed list
inline constexpr std::array<std::string_view, 3> marking_types{"marking-iep", "marking-statement", "marking-tlp"};

// security-category-type-ov, section 7.13
inline constexpr std::array<std::string_view, 26> security_categories{"aaa",
                                                                      "analytics",
                                                                      "caldera",
                                                                      "content-gateway",
                                                                      "desktop",
                                                                      "endpoint",
                                                                      "firewall",
                                                                      "handset",
                                                                      "ids",
                                                                      "ips",
                                                                      "kali",
                                                                      "manx",
                                                                      "orchestrator",
                                                                      "os-linux",
                                                                      "os-mac",
                                                                      "os-windows",
                                                                      "redcanary-atomicred",
                                                                      "ragdoll",
                                                                      "router",
                                                                      "sandcat",
                                                                      "server",
                                                                      "siem",
                                                                      "switch",
                                                                      "ticketing",
                                                                      "tip",
                                                                      "wireless"};

// region, section 10.3: a closed list
inline constexpr std::array<std::string_view, 29> regions{"africa",
                                                          "eastern-africa",
                                                          "middle-africa",
                                                          "northern-africa",
                                                          "southern-africa",
                                                          "western-africa",
                                                          "americas",
                                                          "caribbean",
                                                          "central-america",
                                                          "latin-america-caribbean",
                                                          "northern-america",
                                                          "south-america",
                                                          "asia",
                                                          "central-asia",
                                                          "eastern-asia",
                                                          "southern-asia",
                                                          "south-eastern-asia",
                                                          "western-asia",
                                                          "europe",
                                                          "eastern-europe",
                                                          "northern-europe",
                                                          "southern-europe",
                                                          "western-europe",
                                                          "oceania",
                                                          "antarctica",
                                                          "australia-new-zealand",
                                                          "melanesia",
                                                          "micronesia",
                                                          "polynesia"};

template <std::size_t N>
constexpr bool contains(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace tocsin::responders
