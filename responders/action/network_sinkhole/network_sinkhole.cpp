#include "responders/action/network_sinkhole/network_sinkhole.h"

#include <algorithm>

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_sinkhole/name_rules.h"

namespace tocsin::responders {
namespace {

class NetworkSinkhole final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return network_sinkhole_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_network_sinkhole(parameters);
    const auto left = left_of(parameters.text("domain"));
    if (!left) {
      forecast.obstacle = left.error().message;
    } else if (left->count() > 0) {
      forecast.already = true;
      forecast.now.push_back(fmt::format("led nowhere already, for another {}", render_duration(*left)));
    } else {
      forecast.now.emplace_back("not led nowhere now");
    }
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    const std::string& domain = parameters.text("domain");
    const auto timeout = whole_seconds(parameters.duration("ttl"));
    TOCSIN_TRY(const auto left, left_of(domain));
    TOCSIN_TRY(const bool rules, ready(domain));
    // Never shorter than somebody else asked for.
    if (rules && left >= timeout) return outcome(Outcome::State::already, domain, left);
    TOCSIN_CHECK(make_room(domain));
    TOCSIN_CHECK(nftables_.run(sinkhole_transaction(domain, timeout, key)));
    return outcome(Outcome::State::applied, domain, timeout);
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const std::string& domain = parameters.text("domain");
    TOCSIN_TRY(const auto left, left_of(domain));
    if (left.count() == 0) return Verification{Presence::absent, domain + " is not led nowhere"};
    TOCSIN_TRY(const bool rules, ready(domain));
    if (!rules) return Verification{Presence::changed, "the rules that lead it nowhere were changed by somebody"};
    return Verification{Presence::in_effect,
                        fmt::format("{} is led nowhere, for another {}", domain, render_duration(left))};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    const std::string& domain = parameters.text("domain");
    TOCSIN_TRY(const auto left, left_of(domain));
    const auto removed = nftables_.run(sinkhole_removal(sinkhole_set(domain)));
    if (!removed && removed.error().code != Code::not_found) return std::unexpected(removed.error());
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = domain + (left.count() > 0 ? " is asked for as before" : " was not led nowhere any more");
    return out;
  }

 private:
  static Outcome outcome(Outcome::State state, const std::string& domain, std::chrono::seconds left) {
    Outcome out;
    out.state = state;
    out.expires_in = left;
    out.summary = fmt::format("{} and names below it are led nowhere{} for {}", domain,
                              state == Outcome::State::already ? " already, still" : "", render_duration(left));
    out.outputs = {{"domain", domain}, {"seconds", std::to_string(left.count())}};
    return out;
  }

  Result<std::vector<SinkholeSet>> sets() {
    const auto listed = nftables_.run(sinkhole_sets_command());
    if (!listed && listed.error().code == Code::not_found) return std::vector<SinkholeSet>{};
    if (!listed) return std::unexpected(listed.error());
    return parse_sinkhole_sets(*listed);
  }

  // Zero: it is not in force.
  Result<std::chrono::seconds> left_of(std::string_view domain) {
    TOCSIN_TRY(const auto all, sets());
    const auto at = std::ranges::find(all, sinkhole_set(domain), &SinkholeSet::set);
    return at == all.end() ? std::chrono::seconds(0) : at->expires;
  }

  Result<bool> ready(std::string_view domain) {
    std::size_t rules = 0;
    for (const std::string& command : sinkhole_chains(sinkhole_set(domain))) {
      const auto listed = nftables_.run(command);
      if (!listed && listed.error().code == Code::not_found) return false;
      if (!listed) return std::unexpected(listed.error());
      TOCSIN_TRY(const std::size_t count, count_rules(*listed));
      rules += count;
    }
    return rules == sinkhole_rules(domain);
  }

  // Chains whose time is over do nothing, but every packet passes them.
  Result<void> make_room(std::string_view domain) {
    TOCSIN_TRY(const auto all, sets());
    std::size_t live = 0;
    for (const SinkholeSet& set : all) {
      if (set.set == sinkhole_set(domain)) continue;
      if (set.expires.count() > 0) {
        ++live;
        continue;
      }
      if (const auto removed = nftables_.run(sinkhole_removal(set.set));
          !removed && removed.error().code != Code::not_found)
        return std::unexpected(removed.error());
    }
    if (live >= sinkholes_most)
      return fail(Code::exhausted, fmt::format("{} names are led nowhere already; undo one first", live));
    return {};
  }

  Nftables nftables_;
};

}  // namespace

Forecast describe_network_sinkhole(const Parameters& parameters) {
  const std::string& domain = parameters.text("domain");
  const auto timeout = whole_seconds(parameters.duration("ttl"));
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("lead every DNS question of this host for {} and names below it to 127.0.0.1 port {}, where it is "
                  "refused, for {}",
                  domain, sinkhole_port, render_duration(timeout)));
  forecast.would.emplace_back("drop such questions over TCP");
  forecast.would.push_back(fmt::format("nft add element inet tocsin_names {} {{ ipv4 timeout {}s, ipv6 timeout {}s }}",
                                       sinkhole_set(domain), timeout.count(), timeout.count()));
  forecast.touches.push_back({"domain", domain});
  forecast.undo = fmt::format("the kernel removes the element after {}; earlier with `tocsin action undo`",
                              render_duration(timeout));
  return forecast;
}

std::unique_ptr<Action> make_network_sinkhole(const ActionEnvironment&) { return std::make_unique<NetworkSinkhole>(); }

}  // namespace tocsin::responders
