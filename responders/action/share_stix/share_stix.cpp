#include "responders/action/share_stix/share_stix.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "responders/action/kept/documents.h"
#include "responders/action/notify/deliver.h"
#include "responders/action/notify/transfer.h"
#include "responders/action/share_stix/limit.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr std::string_view taxii_type = "application/taxii+json;version=2.1";
constexpr std::string_view stix_type = "application/stix+json;version=2.1";

std::string limit_text(const NotifyChannel& channel) {
  return channel.max_tlp == rules::Tlp::none ? "nothing marked" : rules::tlp_label(channel.max_tlp);
}

// Section 3.7 of TAXII 2.1: what is sent to a collection is an envelope, not a bundle.
std::string envelope_of(const std::string& bundle) {
  json::value value = json::parse(bundle);
  json::object out;
  out["objects"] = std::move(value.get_object()["objects"]);
  return json::serialize(out);
}

// Section 4.2: a collection takes the request and says of how many objects it wants to hear nothing.
Result<void> judge_taxii(const NotifyChannel& channel, const std::string& answer) {
  boost::system::error_code problem;
  const json::value value = json::parse(answer, problem);
  const auto* status = problem ? nullptr : value.if_object();
  const auto* failed = status == nullptr ? nullptr : status->if_contains("failure_count");
  if (failed == nullptr || !failed->is_int64() || failed->get_int64() <= 0) return {};
  return fail(Code::partial,
              fmt::format("channel {}: the collection refused {} of the objects", channel.name, failed->get_int64()));
}

class ShareStix final : public Action {
 public:
  explicit ShareStix(const ActionEnvironment& environment)
      : clock_(environment.clock), channels_(environment.channels), documents_(environment.documents_directory) {}

  const ActionSpec& spec() const noexcept override { return share_stix_spec; }

  Result<void> keep(std::string_view document) override { return documents_.keep(document); }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_share_stix(parameters);
    const auto channel = channel_of(parameters);
    if (!channel) {
      forecast.obstacle = channel.error().message;
      return forecast;
    }
    forecast.now.push_back(
        fmt::format("the channel is {} to {}; it is told {} at most", channel_kind_name((*channel)->kind),
                    (*channel)->kind == NotifyChannel::Kind::mail ? fmt::format("{}", fmt::join((*channel)->to, ", "))
                                                                  : escape_terminal((*channel)->url),
                    limit_text(**channel)));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    TOCSIN_TRY(const NotifyChannel* channel, channel_of(parameters));
    if (!parameters.has("bundle"))
      return fail(Code::invalid, "no bundle came with the request; share.stix is asked for by a run of tocsind");
    TOCSIN_TRY(const std::string bundle, documents_.read(parameters.text("bundle")));
    TOCSIN_TRY(const LimitedStix limited, limit_stix(bundle, channel->max_tlp));
    TOCSIN_CHECK(send(*channel, parameters.text("incident"), limited, key));
    Outcome out;
    out.summary =
        fmt::format("{} shared with {}: {} objects, {} indicators", escape_terminal(parameters.text("incident")),
                    channel->name, limited.objects, limited.indicators);
    if (limited.withheld != 0)
      out.summary +=
          fmt::format("; {} withheld, the channel is told {} at most", limited.withheld, limit_text(*channel));
    out.outputs.emplace_back("objects", std::to_string(limited.objects));
    out.outputs.emplace_back("withheld", std::to_string(limited.withheld));
    return out;
  }

  Result<Verification> verify(const Parameters&, std::string_view) override {
    return Verification{Presence::in_effect, "the channel took the bundle; nothing can be read back"};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "what was shared cannot be taken back");
  }

 private:
  Result<const NotifyChannel*> channel_of(const Parameters& parameters) const {
    const NotifyChannel* channel = channels_.find(parameters.text("channel"));
    if (channel == nullptr)
      return fail(Code::not_found, fmt::format("the responder's policy has no channel \"{}\"; add it under `channels`",
                                               escape_terminal(parameters.text("channel"))));
    if (channel->kind != NotifyChannel::Kind::taxii && channel->kind != NotifyChannel::Kind::webhook &&
        channel->kind != NotifyChannel::Kind::mail)
      return fail(Code::invalid, fmt::format("the channel {} is of the kind {}; STIX goes to taxii, webhook or mail",
                                             channel->name, channel_kind_name(channel->kind)));
    return channel;
  }

  Result<void> send(const NotifyChannel& channel, const std::string& incident, const LimitedStix& limited,
                    std::string_view key) const {
    HttpRequest request{.url = channel.url,
                        .content_type = std::string(stix_type),
                        .accept = {},
                        .body = limited.text,
                        .key = std::string(key)};
    if (channel.kind == NotifyChannel::Kind::webhook) {
      TOCSIN_CHECK(post(channel, request));
      return {};
    }
    if (channel.kind == NotifyChannel::Kind::taxii) {
      request.content_type = request.accept = taxii_type;
      request.body = envelope_of(limited.text);
      TOCSIN_TRY(const HttpAnswer answer, post(channel, request));
      return judge_taxii(channel, answer.body);
    }
    Notice notice;
    notice.id = key;
    notice.severity = "info";
    notice.subject = fmt::format("{} as STIX 2.1", incident);
    notice.body =
        fmt::format("{} objects, {} indicators; {} withheld.\n", limited.objects, limited.indicators, limited.withheld);
    notice.incident = incident;
    notice.attachments.push_back({"incident.json", std::string(stix_type), limited.text});
    return deliver(channel, notice, clock_.now());
  }

  const Clock& clock_;
  const NotifyChannels& channels_;
  const Documents documents_;
};

}  // namespace

Forecast describe_share_stix(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("share {} as STIX 2.1 with the channel {}",
                                       escape_terminal(parameters.text("incident")),
                                       escape_terminal(parameters.text("channel"))));
  forecast.touches.push_back({"channel", parameters.text("channel")});
  forecast.undo = "what was shared cannot be taken back; sharing it again replaces it";
  return forecast;
}

std::unique_ptr<Action> make_share_stix(const ActionEnvironment& environment) {
  return std::make_unique<ShareStix>(environment);
}

}  // namespace tocsin::responders
