#include "responders/action/collect_packets/collect_packets.h"

#include <fmt/format.h>

#include "collectors/base/time.h"

namespace tocsin::responders {
namespace {

std::string end_text(const Parameters& parameters, std::string_view network, std::string_view port) {
  std::string out = "any";
  for (const auto& [name, text] : parameters.texts())
    if (name == network && !text.empty()) out = text;
  if (parameters.has(port)) out += fmt::format(" port {}", parameters.number(port));
  return out;
}

}  // namespace

std::string packets_text(const Parameters& parameters) {
  std::string out;
  if (const auto& protocol = parameters.text("protocol"); protocol != "any") out = protocol + " ";
  out += end_text(parameters, "address", "port");
  if (parameters.has("peer") || parameters.has("peer_port")) out += " - " + end_text(parameters, "peer", "peer_port");
  return out;
}

Forecast describe_collect_packets(const Parameters& parameters) {
  std::string period;
  if (parameters.has("from_ago"))
    period += fmt::format(", since {} ago", render_duration(parameters.duration("from_ago")));
  if (parameters.has("until_ago"))
    period += fmt::format(", until {} ago", render_duration(parameters.duration("until_ago")));
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("take the packets of {}{} out of the latest frames into the evidence; nothing is changed",
                  packets_text(parameters), period));
  forecast.touches.push_back({"file", "the evidence"});
  forecast.undo = "nothing to undo: evidence is kept";
  return forecast;
}

}  // namespace tocsin::responders
