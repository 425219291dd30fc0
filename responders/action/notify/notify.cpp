#include "responders/action/notify/notify.h"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::responders {
namespace {

rules::Tlp marking_of(const Parameters& parameters) {
  if (!parameters.has(marking_parameter)) return rules::Tlp::none;
  return rules::parse_tlp(parameters.text(marking_parameter)).value_or(rules::Tlp::red);
}

class Notify final : public Action {
 public:
  explicit Notify(const ActionEnvironment& environment)
      : clock_(environment.clock), channels_(environment.channels), host_(host_name()) {}

  const ActionSpec& spec() const noexcept override { return notify_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_notify(parameters);
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      forecast.obstacle = fmt::format("the responder's policy has no channel \"{}\"; add it under `channels`",
                                      escape_terminal(parameters.text("channel")));
    else
      forecast.now.push_back(fmt::format("the channel is {} to {}", channel_kind_name(channel->kind),
                                         channel->kind == NotifyChannel::Kind::mail
                                             ? fmt::format("{}", fmt::join(channel->to, ", "))
                                             : escape_terminal(channel->url)));
    if (const Notice notice = notice_of(parameters, host_, {}); channel != nullptr && is_withheld(*channel, notice))
      forecast.now.push_back(withheld_text(*channel, notice));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      return fail(Code::not_found, fmt::format("no notification channel \"{}\" is configured",
                                               escape_terminal(parameters.text("channel"))));
    const Notice notice = notice_of(parameters, host_, key);
    TOCSIN_CHECK(deliver(*channel, notice, clock_.now()));
    Outcome out;
    out.summary = fmt::format("sent to {}", channel->name);
    if (is_withheld(*channel, notice)) out.summary += "; " + withheld_text(*channel, notice);
    return out;
  }

  Result<Verification> verify(const Parameters&, std::string_view) override {
    return Verification{Presence::in_effect, "the channel took the message; nothing can be read back"};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "a message cannot be taken back");
  }

 private:
  const Clock& clock_;
  const NotifyChannels& channels_;
  const std::string host_;
};

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

Notice notice_of(const Parameters& parameters, const std::string& host, std::string_view key) {
  Notice out;
  out.id = key;
  out.severity = parameters.text("severity");
  out.subject = parameters.text("subject");
  out.body = parameters.text("message");
  out.incident = parameters.text("incident");
  out.host = host;
  out.tlp = marking_of(parameters);
  return out;
}

std::string withheld_text(const NotifyChannel& channel, const Notice& notice) {
  return fmt::format("its content is {} and is withheld: the channel's max_tlp is {}", rules::tlp_label(notice.tlp),
                     channel.max_tlp == rules::Tlp::none ? "none" : rules::tlp_name(channel.max_tlp));
}

Forecast describe_notify(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("send \"{}\" ({}) to the channel {}",
                                       escape_terminal(parameters.text("subject")), parameters.text("severity"),
                                       escape_terminal(parameters.text("channel"))));
  forecast.touches.push_back({"channel", parameters.text("channel")});
  forecast.undo = "a message cannot be taken back";
  return forecast;
}

std::unique_ptr<Action> make_notify(const ActionEnvironment& environment) {
  return std::make_unique<Notify>(environment);
}

}  // namespace tocsin::responders
