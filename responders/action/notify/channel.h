#pragma once
// Where messages go. Channels come from configuration alone: a playbook names one, and can never name an address, so
// that no log text decides who gets mail. Values only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"
#include "rules/marking.h"

namespace tocsin::responders {

struct NotifyChannel {
  enum class Kind : std::uint8_t { mail, webhook, syslog } kind = Kind::syslog;
  std::string name;  // as playbooks and reports say it
  // mail: smtp://host:25, smtps://host:465; webhook: http(s)://…; syslog: /dev/log, or udp://host:514.
  std::string url;
  std::string from;             // mail
  std::vector<std::string> to;  // mail
  std::string user;             // mail, optional
  std::string password;         // mail; for a webhook the bearer token; optional
  enum class Tls : std::uint8_t { required, opportunistic, none } tls = Tls::opportunistic;  // mail
  Duration timeout = std::chrono::seconds(15);
  rules::Tlp max_tlp = rules::tlp_most;  // the strictest marking it is told the content of; never red
};

struct NotifyChannels {
  std::vector<NotifyChannel> all;
  const NotifyChannel* find(const std::string& name) const noexcept {
    for (const NotifyChannel& channel : all)
      if (channel.name == name) return &channel;
    return nullptr;
  }
};

}  // namespace tocsin::responders
