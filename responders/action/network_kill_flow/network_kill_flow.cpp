#include "responders/action/network_kill_flow/network_kill_flow.h"

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_kill_flow/socket_diagnosis.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t connections_most = 10'000;

std::function<bool(const TcpConnection&)> wanted_by(const Parameters& parameters) {
  return [&parameters](const TcpConnection& connection) {
    return parameters.network("address").contains(connection.remote) &&
           (!parameters.has("port") || parameters.number("port") == connection.remote_port) &&
           (!parameters.has("local_port") || parameters.number("local_port") == connection.local_port);
  };
}

std::string ends_of(const Parameters& parameters) {
  std::string out = shown(parameters.network("address"));
  if (parameters.has("port")) out += fmt::format(" port {}", parameters.number("port"));
  if (parameters.has("local_port")) out += fmt::format(" at port {} here", parameters.number("local_port"));
  return out;
}

class NetworkKillFlow final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return network_kill_flow_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_network_kill_flow(parameters);
    const auto found = list_connections(wanted_by(parameters), connections_most);
    if (!found) forecast.now.push_back(found.error().message);
    else forecast.now.push_back(fmt::format("{} connections with {}", found->size(), ends_of(parameters)));
    forecast.already = found && found->empty();
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(const std::size_t ended, end_connections(wanted_by(parameters), connections_most));
    Outcome out;
    out.state = ended == 0 ? Outcome::State::already : Outcome::State::applied;
    out.summary = fmt::format("{} connections with {} were ended", ended, ends_of(parameters));
    out.outputs = {{"ended", std::to_string(ended)}};
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(const auto found, list_connections(wanted_by(parameters), connections_most));
    if (found.empty())
      return Verification{Presence::in_effect, fmt::format("no connection with {}", ends_of(parameters))};
    return Verification{Presence::absent, fmt::format("{} connections with {}", found.size(), ends_of(parameters))};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "a connection that was ended cannot be brought back");
  }
};

}  // namespace

Forecast describe_network_kill_flow(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("end every TCP connection with {}", ends_of(parameters)));
  forecast.touches.push_back({"address", shown(parameters.network("address"))});
  forecast.undo = "cannot be undone; the other end may connect again";
  return forecast;
}

std::unique_ptr<Action> make_network_kill_flow(const ActionEnvironment&) { return std::make_unique<NetworkKillFlow>(); }

}  // namespace tocsin::responders
