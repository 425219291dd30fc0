#include "responders/action/network_isolate_host/network_isolate_host.h"

#include <algorithm>

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/network_isolate_host/management_path.h"

namespace tocsin::responders {
namespace {

class NetworkIsolateHost final : public Action {
 public:
  explicit NetworkIsolateHost(const IsolationSettings& settings)
      : settings_(settings), elements_(isolation_elements(settings_.management)) {}
  const ActionSpec& spec() const noexcept override { return network_isolate_host_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_network_isolate_host(parameters);
    for (const Network& network : settings_.management)
      forecast.would.emplace_back(fmt::format("{} may still talk with it", shown(network)));
    if (const auto proof = prove(); !proof) forecast.obstacle = proof.error().message;
    else forecast.now.emplace_back("the management path is proven");
    if (const auto element = held(); element && *element) {
      forecast.already = true;
      forecast.now.emplace_back("isolated already");
    }
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    // Before the rules, and with them in force: what the rules cut off would be noticed too late otherwise.
    TOCSIN_CHECK(prove());
    TOCSIN_CHECK(firewall_.ensure());
    const Duration ttl = parameters.duration("ttl");
    TOCSIN_CHECK(hold(ttl, key));
    if (auto proof = prove(); !proof) {
      const auto released = release();
      return fail(Code::unreachable,
                  fmt::format("{} once isolated; {}", proof.error().message,
                              released ? "the host was released" : "the kernel releases it when the lease is over"));
    }
    Outcome out;
    out.summary =
        fmt::format("the host talks with {} management networks only, for {}; released {} after the path is lost",
                    settings_.management.size(), render_duration(whole_seconds(ttl)), render_duration(settings_.lease));
    out.expires_in = whole_seconds(ttl);
    return out;
  }

  Result<Verification> verify(const Parameters&, std::string_view) override {
    TOCSIN_TRY(const auto element, held());
    if (!element) return Verification{Presence::absent, "the host is not isolated"};
    TOCSIN_TRY(const bool rules, firewall_.ready());
    if (!rules) return Verification{Presence::changed, "the rules that isolate it were changed by somebody"};
    return Verification{Presence::in_effect,
                        fmt::format("isolated; released in {} unless renewed", render_duration(element->expires))};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    TOCSIN_TRY(const auto element, held());
    TOCSIN_CHECK(release());
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = element ? "the host is no longer isolated" : "the host was not isolated any more";
    return out;
  }

  Result<Renewal> renew(const Parameters&, std::string_view key, Duration left) override {
    TOCSIN_TRY(const auto element, held());
    // Released by the kernel: it is not begun again without somebody asking.
    if (!element) return Renewal::lapsed;
    if (Duration(element->expires) > settings_.lease * 2 / 3 || left <= Duration::zero()) return Renewal::unneeded;
    TOCSIN_CHECK(prove());
    TOCSIN_CHECK(hold(left, key));
    return Renewal::renewed;
  }

 private:
  Result<void> prove() const { return prove_management_path(settings_.proof); }
  Result<std::optional<BlockedElement>> held() { return firewall_.find(elements_.front()); }

  Result<void> hold(Duration most, std::string_view key) {
    return firewall_.put(elements_, whole_seconds(std::min(settings_.lease, most)), key);
  }

  // One after the other: some may have lapsed already.
  Result<void> release() {
    for (const SetElement& element : elements_) {
      auto removed = firewall_.remove(element);
      if (!removed) return std::unexpected(std::move(removed).error());
    }
    return {};
  }

  const IsolationSettings settings_;
  const std::vector<SetElement> elements_;
  Firewall firewall_;
};

}  // namespace

Forecast describe_network_isolate_host(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("drop every packet of this host except with its management networks, for at most {}",
                  render_duration(whole_seconds(parameters.duration("ttl")))));
  forecast.would.emplace_back("renew it only while a connection over the management path succeeds");
  forecast.touches.push_back({"host", "this host"});
  forecast.undo =
      "the kernel releases the host when the management path or the responder is lost; earlier with "
      "`tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_network_isolate_host(const ActionEnvironment& environment) {
  return std::make_unique<NetworkIsolateHost>(environment.isolation);
}

}  // namespace tocsin::responders
