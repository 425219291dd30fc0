#include "responders/guard/channel_reader.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"
#include "responders/action/notify/ticket.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t credentials_bytes_most = 4096;

}  // namespace

std::optional<NotifyChannel> ChannelReader::read(const YAML::Node& node) {
  NotifyChannel channel;
  if (!node.IsMap()) {
    report(node, "a channel must be a map");
    return std::nullopt;
  }
  for (const auto& entry : node)
    if (!read_setting(entry.first.Scalar(), entry.second, channel))
      report(entry.first, fmt::format("\"{}\" is not a setting of a channel", entry.first.Scalar()));
  if (!is_whole(node, channel)) return std::nullopt;
  return channel;
}

bool ChannelReader::read_setting(const std::string& key, const YAML::Node& value, NotifyChannel& channel) {
  if (key == "name") channel.name = scalar(value);
  else if (key == "url") channel.url = scalar(value);
  else if (key == "from") channel.from = scalar(value);
  else if (key == "to") each(value, [&](const YAML::Node& item) { channel.to.push_back(scalar(item)); });
  else if (key == "user") channel.user = scalar(value);
  else if (key == "password") channel.password = scalar(value);
  else if (key == "credentials_file") read_credentials(value, channel);
  else if (key == "timeout") duration(value, channel.timeout);
  else if (key == "ticket") read_ticket(value, channel.ticket);
  else if (key == "kind") {
    if (const auto kind = parse_channel_kind(scalar(value))) channel.kind = *kind;
    else report(value, "mail, webhook, syslog, taxii or ticket is expected");
  } else if (key == "max_tlp") {
    marking(value, channel.max_tlp);
  } else {
    return false;
  }
  return true;
}

// One line: "user:password", or a bearer token.
void ChannelReader::read_credentials(const YAML::Node& node, NotifyChannel& channel) {
  const auto name = path(node);
  if (!name) return;
  std::ifstream file(*name);
  std::string text(credentials_bytes_most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const std::string_view line = trim(text);
  if (line.empty() || line.find_first_of("\r\n") != std::string_view::npos)
    return report(node, fmt::format("{} cannot be read, or is not one line: user:password, or a token", *name));
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) channel.user = line.substr(0, colon);
  channel.password = line.substr(colon == std::string_view::npos ? 0 : colon + 1);
}

void ChannelReader::read_ticket(const YAML::Node& node, TicketForm& ticket) {
  const auto pointer = [&](const YAML::Node& value) {
    std::string out = scalar(value);
    if (!out.starts_with('/')) report(value, "a JSON pointer such as \"/issue/key\" is expected");
    return out;
  };
  entries(node, [&](const YAML::Node& name, const YAML::Node& value) {
    const std::string& key = name.Scalar();
    if (key == "body") {
      ticket.body = scalar(value);
      if (const auto good = check_ticket_body(ticket.body); !good) report(value, good.error().message);
    } else if (key == "id") {
      ticket.id_at = pointer(value);
    } else if (key == "find") {
      entries(value, [&](const YAML::Node& part, const YAML::Node& text) {
        if (part.Scalar() == "url") ticket.find_url = scalar(text);
        else if (part.Scalar() == "id") ticket.found_at = pointer(text);
        else report(part, "url or id is expected");
      });
      if (ticket.find_url.find("{key}") == std::string::npos || ticket.found_at.empty())
        report(value, "looking for a ticket needs \"url\", with {key} in it, and \"id\"");
    } else {
      report(name, "body, id or find is expected");
    }
  });
}

bool ChannelReader::is_whole(const YAML::Node& node, const NotifyChannel& channel) {
  if (channel.name.empty() || channel.url.empty()) {
    report(node, "a channel needs \"name\", \"kind\" and \"url\"");
    return false;
  }
  if (channel.kind == NotifyChannel::Kind::mail && (channel.from.empty() || channel.to.empty())) {
    report(node, "a mail channel needs \"from\" and \"to\"");
    return false;
  }
  if (channel.kind == NotifyChannel::Kind::ticket && (channel.ticket.body.empty() || channel.ticket.id_at.empty())) {
    report(node, "a ticket channel needs \"ticket\" with \"body\" and \"id\"");
    return false;
  }
  return true;
}

}  // namespace tocsin::responders
