#include "responders/action/ticket_open/ticket_open.h"

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/notify/ticket.h"
#include "responders/action/notify/transfer.h"

namespace tocsin::responders {
namespace {

class TicketOpen final : public Action {
 public:
  explicit TicketOpen(const ActionEnvironment& environment) : channels_(environment.channels), host_(host_name()) {}

  const ActionSpec& spec() const noexcept override { return ticket_open_spec; }

  Readback readback(const Parameters& parameters) const override {
    const auto channel = channel_of(parameters);
    return channel && !(*channel)->ticket.find_url.empty() ? Readback::reliable : Readback::none;
  }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_ticket_open(parameters);
    const auto channel = channel_of(parameters);
    if (!channel) {
      forecast.obstacle = channel.error().message;
      return forecast;
    }
    forecast.now.push_back(
        fmt::format("the tracker is at {}{}", escape_terminal((*channel)->url),
                    (*channel)->ticket.find_url.empty() ? "" : "; it is asked first whether it has it"));
    if (const Notice notice = notice_of(parameters, host_, {}); is_withheld(**channel, notice))
      forecast.now.push_back(withheld_text(**channel, notice));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    TOCSIN_TRY(const NotifyChannel* channel, channel_of(parameters));
    // Somebody may have opened it under this key: we, before a crash, or who answered too late.
    if (!channel->ticket.find_url.empty()) {
      TOCSIN_TRY(auto there, find(*channel, key));
      if (there) return opened(*channel, Outcome::State::already, std::move(*there));
    }
    const Notice whole = notice_of(parameters, host_, key);
    const Notice notice = told_to(*channel, whole);
    TOCSIN_TRY(auto body, render_ticket(channel->ticket.body, notice));
    auto answer = post(*channel, {.url = channel->url,
                                  .content_type = "application/json",
                                  .accept = "application/json",
                                  .body = std::move(body),
                                  .key = std::string(key)});
    if (!answer) return failed(*channel, key, std::move(answer).error());
    const auto ticket = ticket_in(answer->body, channel->ticket.id_at);
    Outcome out = opened(*channel, Outcome::State::applied, ticket.value_or(""));
    if (is_withheld(*channel, whole)) out.summary += "; " + withheld_text(*channel, whole);
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view key) override {
    TOCSIN_TRY(const NotifyChannel* channel, channel_of(parameters));
    if (channel->ticket.find_url.empty())
      return Verification{Presence::in_effect, "the tracker took it; the channel does not say how to look for it"};
    TOCSIN_TRY(const auto there, find(*channel, key));
    if (!there) return Verification{Presence::absent, fmt::format("{} does not have it", channel->name)};
    return Verification{
        Presence::in_effect, fmt::format("{} has it as {}", channel->name, *there), {{"ticket", *there}}};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "a ticket is not taken back; close it in the tracker");
  }

 private:
  Result<const NotifyChannel*> channel_of(const Parameters& parameters) const {
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      return fail(Code::not_found, fmt::format("the responder's policy has no channel \"{}\"; add it under `channels`",
                                               escape_terminal(parameters.text("channel"))));
    if (channel->kind != NotifyChannel::Kind::ticket)
      return fail(Code::invalid, fmt::format("the channel {} is of the kind {}; tickets go to one of the kind ticket",
                                             channel->name, channel_kind_name(channel->kind)));
    return channel;
  }

  static Result<std::optional<std::string>> find(const NotifyChannel& channel, std::string_view key) {
    auto answer = get(channel, {.url = render_find_url(channel.ticket.find_url, key),
                                .content_type = {},
                                .accept = "application/json",
                                .body = {},
                                .key = std::string(key)});
    if (answer) return ticket_in(answer->body, channel.ticket.found_at);
    if (answer.error().code == Code::not_found) return std::optional<std::string>();
    return std::unexpected(std::move(answer).error().within("while looking whether the ticket is there"));
  }

  // What came too late, or was cut off, may have been done: only the tracker knows.
  Result<Outcome> failed(const NotifyChannel& channel, std::string_view key, Error error) {
    if (error.code != Code::timed_out && error.code != Code::unreachable) return std::unexpected(std::move(error));
    if (channel.ticket.find_url.empty())
      return std::unexpected(
          std::move(error).within("while opening it; look into the tracker before it is tried again: it may be there"));
    const auto there = find(channel, key);
    if (there && *there) return opened(channel, Outcome::State::applied, **there);
    return std::unexpected(std::move(error));
  }

  Outcome opened(const NotifyChannel& channel, Outcome::State state, std::string ticket) const {
    Outcome out;
    out.state = state;
    const std::string_view did = state == Outcome::State::already ? "was opened before" : "opened";
    out.summary = ticket.empty() ? fmt::format("a ticket {} in {}; its answer has no name for it at {}", did,
                                               channel.name, channel.ticket.id_at)
                                 : fmt::format("ticket {} {} in {}", ticket, did, channel.name);
    if (!ticket.empty()) out.outputs.emplace_back("ticket", std::move(ticket));
    return out;
  }

  const NotifyChannels& channels_;
  const std::string host_;
};

}  // namespace

Forecast describe_ticket_open(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("open a ticket \"{}\" ({}) in {}", escape_terminal(parameters.text("subject")),
                                       parameters.text("severity"), escape_terminal(parameters.text("channel"))));
  forecast.touches.push_back({"channel", parameters.text("channel")});
  forecast.undo = "a ticket is closed in the tracker";
  return forecast;
}

std::unique_ptr<Action> make_ticket_open(const ActionEnvironment& environment) {
  return std::make_unique<TicketOpen>(environment);
}

}  // namespace tocsin::responders
