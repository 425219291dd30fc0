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

// How a tracker is spoken to.
struct TicketForm {
  // What is sent: JSON. In its texts {subject}, {message}, {severity}, {incident}, {host} and {key} are filled in.
  std::string body;
  std::string id_at;  // JSON pointer (RFC 6901) into the answer: the ticket's name, a text or a whole number
  // Where a ticket is looked for by {key}; empty: it is not. Found when the answer has something at `found_at`, which
  // is its name.
  std::string find_url;
  std::string found_at;
};

struct NotifyChannel {
  // Messages go to the first three, tickets to ticket, incidents as STIX to mail, webhook and taxii.
  enum class Kind : std::uint8_t { mail, webhook, syslog, taxii, ticket } kind = Kind::syslog;
  std::string name;  // as playbooks and reports say it
  // mail: smtp://host:25, smtps://host:465; webhook, ticket: http(s)://…; syslog: /dev/log, or udp://host:514; taxii:
  // the objects of a collection, https://host/root/collections/ID/objects/ (TAXII 2.1, section 5.5).
  std::string url;
  std::string from;             // mail
  std::vector<std::string> to;  // mail
  std::string user;             // optional
  std::string password;         // mail; over HTTP the bearer token, or of `user` where there is one; optional
  enum class Tls : std::uint8_t { required, opportunistic, none } tls = Tls::opportunistic;  // mail
  Duration timeout = std::chrono::seconds(15);
  rules::Tlp max_tlp = rules::tlp_most;  // the strictest marking it is told the content of; never red
  TicketForm ticket{};
};
std::string_view channel_kind_name(NotifyChannel::Kind kind) noexcept;
std::optional<NotifyChannel::Kind> parse_channel_kind(std::string_view text) noexcept;

struct NotifyChannels {
  std::vector<NotifyChannel> all;
  const NotifyChannel* find(const std::string& name) const noexcept {
    for (const NotifyChannel& channel : all)
      if (channel.name == name) return &channel;
    return nullptr;
  }
};

}  // namespace tocsin::responders
