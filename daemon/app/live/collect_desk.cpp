#include "daemon/app/live/collect_desk.h"

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/packet/capture/pcapng.h"
#include "responders/action/collect_packets/collect_packets.h"

namespace tocsin::daemon {
namespace {

using responders::ActionRequest;
using responders::Applied;
using responders::GuardVerdict;
using responders::Outcome;
using responders::Parameters;
using responders::Rehearsed;

bool is_ours(const ActionRequest& request) noexcept { return request.action == responders::collect_packets_spec.name; }

std::string found_text(const CarvedPackets& found, const Parameters& parameters) {
  std::string out = fmt::format("{} of {}, {} bytes", counted(found.packets, "packet"),
                                responders::packets_text(parameters), found.bytes);
  if (found.packets != 0) out += fmt::format(", the first at {}", render_time(found.first));
  if (found.reaches != Time::max()) out += fmt::format("; frames were held since {}", render_time(found.reaches));
  else out += "; no frame was held yet";
  if (found.cut) out += "; there were more, the oldest are left out";
  return out;
}

std::vector<std::pair<std::string, std::string>> outputs_of(const CarvedPackets& found) {
  return {{"packets", std::to_string(found.packets)},
          {"bytes", std::to_string(found.bytes)},
          {"reaches", found.reaches == Time::max() ? std::string{} : render_time(found.reaches)},
          {"complete", found.cut ? "false" : "true"}};
}

}  // namespace

CollectDesk::CollectDesk(responders::ActionGateway& others, PacketPlace place, const Clock& clock)
    : others_(others), place_(std::move(place)), clock_(clock) {}

Result<Rehearsed> CollectDesk::rehearse(const ActionRequest& request) {
  if (!is_ours(request)) return others_.rehearse(request);
  TOCSIN_TRY(const auto parameters, parse_parameters(responders::collect_packets_spec, request.parameters));
  Rehearsed out;
  out.forecast = responders::describe_collect_packets(parameters);
  out.verdict = {GuardVerdict::Kind::allowed, "daemon", "tocsind takes it from what it holds"};
  if (request.marked == responders::Marked::exercise)
    out.verdict = {GuardVerdict::Kind::refused, "exercise",
                   "the request carries the exercise mark: it is never applied"};
  auto wish = packet_wish(parameters, clock_.now());
  wish.take = PacketWish::Take::count;
  const auto found = place_.carve(wish);
  if (found) out.forecast.now.push_back(found_text(*found, parameters));
  else out.forecast.obstacle = found.error().text();
  return out;
}

Result<Applied> CollectDesk::apply(const ActionRequest& request) {
  if (!is_ours(request)) return others_.apply(request);
  if (request.marked == responders::Marked::exercise)
    return fail(Code::denied, "the request carries the exercise mark: it is never applied");
  TOCSIN_TRY(const auto parameters, parse_parameters(responders::collect_packets_spec, request.parameters));
  TOCSIN_TRY(auto outcome, take(request, parameters));
  return Applied{std::move(outcome), std::nullopt};
}

Result<Outcome> CollectDesk::take(const ActionRequest& request, const Parameters& parameters) {
  TOCSIN_TRY(const auto incident, place_.incident_of(request.incident));
  Outcome out;
  std::optional<responders::Evidence> before;
  TOCSIN_CHECK(place_.with_book([&](EvidenceBook& book) -> Result<void> {
    TOCSIN_TRY(before, book.taken(incident, request.key));
    return {};
  }));
  if (before) {
    out.state = Outcome::State::already;
    out.summary = fmt::format("{}: in the evidence already", before->name);
    out.outputs = {{"evidence", render_digest(before->digest)}};
    return out;
  }
  TOCSIN_TRY(const auto found, place_.carve(packet_wish(parameters, clock_.now())));
  out.summary = found_text(found, parameters);
  out.outputs = outputs_of(found);
  if (found.packets == 0) {
    out.outputs.emplace_back("evidence", "");
    return out;
  }
  const std::vector<Bytes> sections(found.sections.begin(), found.sections.end());
  const auto capture = collectors::merge_captures(
      sections, fmt::format("incident {}\n{}\n{}", request.incident, out.summary, request.reason));
  EvidenceBook::Asked asked{
      incident, fmt::format("{} of {}", counted(capture.packets, "packet"), responders::packets_text(parameters)),
      request.key, request.reason};
  std::optional<responders::Evidence> kept;
  TOCSIN_CHECK(place_.with_book([&](EvidenceBook& book) -> Result<void> {
    TOCSIN_TRY(kept, book.keep(asked, capture.bytes));
    return {};
  }));
  if (!kept)
    return fail(Code::exhausted,
                fmt::format("{} has {} pieces of evidence already", request.incident, EvidenceBook::pieces_most));
  out.outputs.emplace_back("evidence", render_digest(kept->digest));
  return out;
}

}  // namespace tocsin::daemon
