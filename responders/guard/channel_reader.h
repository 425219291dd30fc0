#pragma once
// The channels of the guard's policy: where messages, tickets and incidents go. Each mistake a diagnostic; a channel
// with one is left out. One thread.

#include <optional>

#include "responders/action/notify/channel.h"
#include "responders/action/policy_reader.h"

namespace tocsin::responders {

class ChannelReader : PolicyReader {
 public:
  ChannelReader(std::string_view file, Diagnostics& diagnostics) : PolicyReader("P0901", "policy", file, diagnostics) {}

  std::optional<NotifyChannel> read(const YAML::Node& node);

 private:
  bool read_setting(const std::string& key, const YAML::Node& value, NotifyChannel& channel);
  void read_credentials(const YAML::Node& node, NotifyChannel& channel);
  void read_ticket(const YAML::Node& node, TicketForm& ticket);
  bool is_whole(const YAML::Node& node, const NotifyChannel& channel);
};

}  // namespace tocsin::responders
