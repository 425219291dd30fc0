#include "daemon/notify/sinks.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

using responders::Notice;
using responders::NotifyChannel;

Result<std::string> read_credentials(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(Code::not_found, fmt::format("cannot read the credentials file {}", path));
  std::string text;
  std::getline(file, text);
  if (text.size() > 4096) return fail(Code::invalid, fmt::format("the credentials file {} holds no single line", path));
  return std::string(trim(text));
}

}  // namespace

Result<NotifyChannel> channel_of(const SinkConfig& sink) {
  NotifyChannel channel;
  channel.name = sink.name;
  std::string credentials;
  if (!sink.credentials_file.empty()) {
    TOCSIN_TRY(credentials, read_credentials(sink.credentials_file));
  }
  switch (sink.kind) {
    case SinkKind::mail: {
      channel.kind = NotifyChannel::Kind::mail;
      channel.url = sink.server;
      channel.from = sink.from;
      for (const std::string_view address : split(sink.address, ','))
        if (!trim(address).empty()) channel.to.emplace_back(trim(address));
      if (channel.to.empty() || channel.from.empty() || channel.url.empty())
        return fail(Code::invalid, fmt::format("the mail sink {} needs address, server and from", sink.name));
      const std::size_t colon = credentials.find(':');
      channel.user = credentials.substr(0, colon);
      if (colon != std::string::npos) channel.password = credentials.substr(colon + 1);
      return channel;
    }
    case SinkKind::webhook:
      channel.kind = NotifyChannel::Kind::webhook;
      channel.url = sink.address;
      channel.password = credentials;
      if (!channel.url.starts_with("http://") && !channel.url.starts_with("https://"))
        return fail(Code::invalid, fmt::format("the webhook {} needs an http or https address", sink.name));
      return channel;
    case SinkKind::syslog:
      channel.kind = NotifyChannel::Kind::syslog;
      if (sink.address.empty())
        return fail(Code::invalid, fmt::format("the syslog sink {} needs an address", sink.name));
      channel.url = sink.address.starts_with('/') ? sink.address : "udp://" + sink.address;
      return channel;
  }
  return fail(Code::invalid, fmt::format("the sink {} has no kind", sink.name));
}

Sinks::Sinks(const std::vector<SinkConfig>& sinks, const Clock& clock, std::vector<Error>& problems) : clock_(clock) {
  for (const SinkConfig& config : sinks) {
    auto channel = channel_of(config);
    if (!channel) {
      problems.push_back(std::move(channel).error());
      continue;
    }
    Sink& sink = sinks_.emplace_back();
    sink.channel = std::move(*channel);
    sink.channel.max_tlp = config.max_tlp;
    sink.least_severity = config.least_severity;
    sink.most_per_hour = config.most_per_hour;
  }
}

Result<void> Sinks::deliver_to(Sink& sink, Notice notice) {
  const Time now = clock_.now();
  while (!sink.sent.empty() && sink.sent.front() <= now - std::chrono::hours(1)) sink.sent.pop_front();
  if (sink.sent.size() >= sink.most_per_hour) {
    ++sink.held_back;
    ++dropped_;
    return fail(Code::exhausted,
                fmt::format("{} had its {} messages of this hour", sink.channel.name, sink.most_per_hour));
  }
  if (sink.held_back != 0)
    notice.body += fmt::format("\n\n{} earlier messages were held back by this sink's limit per hour.", sink.held_back);
  sink.sent.push_back(now);
  auto result = responders::deliver(sink.channel, notice, now);
  if (result) {
    sink.held_back = 0;
    if (responders::is_withheld(sink.channel, notice)) ++withheld_;
  }
  return result;
}

std::vector<Delivery> Sinks::send(std::uint32_t severity, const Notice& notice, std::optional<std::uint32_t> told) {
  std::vector<Delivery> out;
  for (Sink& sink : sinks_)
    if (severity >= sink.least_severity && (!told || *told < sink.least_severity))
      out.push_back({sink.channel.name, deliver_to(sink, notice)});
  return out;
}

Result<void> Sinks::send_to(const std::string& name, const Notice& notice) {
  const auto sink = std::find_if(sinks_.begin(), sinks_.end(), [&](const Sink& s) { return s.channel.name == name; });
  if (sink == sinks_.end()) return fail(Code::not_found, fmt::format("no notification sink {} is configured", name));
  return deliver_to(*sink, notice);
}

}  // namespace tocsin::daemon
