#include "responders/action/notify/notify.h"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::responders {
namespace {

std::string_view kind_word(NotifyChannel::Kind kind) noexcept {
  static constexpr std::array<std::string_view, 3> names{"mail", "webhook", "syslog"};
  return names[static_cast<std::size_t>(kind)];
}

rules::Tlp marking_of(const Parameters& parameters) {
  if (!parameters.has(marking_parameter)) return rules::Tlp::none;
  return rules::parse_tlp(parameters.text(marking_parameter)).value_or(rules::Tlp::red);
}

class Notify final : public Action {
 public:
  explicit Notify(const ActionEnvironment& environment) : clock_(environment.clock), channels_(environment.channels) {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) host_ = name.data();
  }

  const ActionSpec& spec() const noexcept override { return notify_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_notify(parameters);
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      forecast.obstacle = fmt::format("the responder's policy has no channel \"{}\"; add it under `channels`",
                                      escape_terminal(parameters.text("channel")));
    else
      forecast.now.push_back(fmt::format("the channel is {} to {}", kind_word(channel->kind),
                                         channel->kind == NotifyChannel::Kind::mail
                                             ? fmt::format("{}", fmt::join(channel->to, ", "))
                                             : escape_terminal(channel->url)));
    if (const auto tlp = marking_of(parameters); channel != nullptr && tlp > channel->max_tlp)
      forecast.now.push_back(
          fmt::format("its content is {} and would be withheld: the channel's max_tlp is {}", rules::tlp_label(tlp),
                      channel->max_tlp == rules::Tlp::none ? "none" : rules::tlp_name(channel->max_tlp)));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      return fail(Code::not_found, fmt::format("no notification channel \"{}\" is configured",
                                               escape_terminal(parameters.text("channel"))));
    Notice notice;
    notice.id = key;
    notice.severity = parameters.text("severity");
    notice.subject = parameters.text("subject");
    notice.body = parameters.text("message");
    notice.incident = parameters.text("incident");
    notice.host = host_;
    notice.tlp = marking_of(parameters);
    TOCSIN_CHECK(deliver(*channel, notice, clock_.now()));
    Outcome out;
    out.summary = fmt::format("sent to {}", channel->name);
    if (is_withheld(*channel, notice))
      out.summary += fmt::format("; its content was withheld: {}", rules::tlp_label(notice.tlp));
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
  std::string host_;
};

}  // namespace

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
