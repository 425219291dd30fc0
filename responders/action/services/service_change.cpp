#include "responders/action/services/service_change.h"

#include <fmt/format.h>

#include "responders/action/kept/before.h"

namespace tocsin::responders {
namespace {

class ServiceChange final : public Action {
 public:
  ServiceChange(const ActionSpec& spec, ServiceDepth depth, Forecast (*describe)(const Parameters&),
                const ActionEnvironment& environment, std::unique_ptr<ServiceManager> manager)
      : spec_(spec),
        depth_(depth),
        describe_(describe),
        before_(environment.before_directory),
        manager_(manager ? std::move(manager) : make_service_manager(environment.bus_address, environment.root)) {}
  const ActionSpec& spec() const noexcept override { return spec_; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_(parameters);
    const auto state = manager_->state(parameters.text("unit"));
    if (!state) {
      forecast.obstacle = state.error().message;
      return forecast;
    }
    if (!state->loaded) forecast.obstacle = "there is no such unit";
    forecast.now.push_back(
        fmt::format("{}{}", state->active ? "it runs" : "it does not run", state->masked ? ", and is masked" : ""));
    forecast.already = in_effect(*state);
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    const std::string& unit = parameters.text("unit");
    TOCSIN_TRY(const UnitState state, manager_->state(unit));
    if (!state.loaded) return fail(Code::not_found, fmt::format("there is no unit {}", unit));
    TOCSIN_TRY(const auto kept, before_.read(target(unit)));
    if (!kept) TOCSIN_CHECK(before_.keep(target(unit), render(state)));
    if (auto changed = change(unit, state); !changed) {
      // Nobody will undo what failed: it must not stay half done. Where several hold it, it was done before.
      if (!kept && depth_ == ServiceDepth::mask && !state.masked) TOCSIN_CHECK(manager_->unmask(unit));
      if (!kept) TOCSIN_CHECK(before_.forget(target(unit)));
      return std::unexpected(std::move(changed).error());
    }
    Outcome out;
    out.state = in_effect(state) ? Outcome::State::already : Outcome::State::applied;
    out.summary = fmt::format("{} is stopped{}", unit, depth_ == ServiceDepth::mask ? " and cannot be started" : "");
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const std::string& unit = parameters.text("unit");
    TOCSIN_TRY(const auto kept, before_.read(target(unit)));
    if (!kept) return Verification{Presence::absent, fmt::format("{} was not stopped", unit)};
    TOCSIN_TRY(const UnitState state, manager_->state(unit));
    if (in_effect(state))
      return Verification{Presence::in_effect,
                          fmt::format("{} {}", unit, state.stopping ? "is ending, but has not ended" : "does not run")};
    return Verification{Presence::changed, fmt::format("{} {}", unit, state.active ? "runs" : "can be started")};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    const std::string& unit = parameters.text("unit");
    TOCSIN_TRY(const auto kept, before_.read(target(unit)));
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = kept ? fmt::format("{} is as it was", unit) : fmt::format("{} was as it was already", unit);
    if (!kept) return out;
    if (depth_ == ServiceDepth::mask && kept->find("masked") == std::string::npos) TOCSIN_CHECK(manager_->unmask(unit));
    if (kept->find("active") != std::string::npos) TOCSIN_CHECK(manager_->start(unit));
    TOCSIN_CHECK(before_.forget(target(unit)));
    return out;
  }

 private:
  // Masked first: what starts itself again must not be quicker.
  Result<void> change(const std::string& unit, const UnitState& state) {
    if (depth_ == ServiceDepth::mask && !state.masked) TOCSIN_CHECK(manager_->mask(unit));
    if (state.active) TOCSIN_CHECK(manager_->stop(unit));
    return {};
  }
  std::string target(const std::string& unit) const { return fmt::format("{} {}", spec_.name, unit); }
  static std::string render(const UnitState& state) {
    return fmt::format("{} {}", state.active ? "active" : "stopped", state.masked ? "masked" : "free");
  }
  bool in_effect(const UnitState& state) const {
    return !state.active && (depth_ == ServiceDepth::stop || state.masked);
  }

  const ActionSpec& spec_;
  const ServiceDepth depth_;
  Forecast (*const describe_)(const Parameters&);
  const Before before_;
  const std::unique_ptr<ServiceManager> manager_;
};

}  // namespace

std::unique_ptr<Action> make_service_change(const ActionSpec& spec, ServiceDepth depth,
                                            Forecast (*describe)(const Parameters&),
                                            const ActionEnvironment& environment,
                                            std::unique_ptr<ServiceManager> manager) {
  return std::make_unique<ServiceChange>(spec, depth, describe, environment, std::move(manager));
}

}  // namespace tocsin::responders
