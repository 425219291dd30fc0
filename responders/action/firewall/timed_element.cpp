#include "responders/action/firewall/timed_element.h"

#include <array>

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"

namespace tocsin::responders {
namespace {

class TimedElementAction final : public Action {
 public:
  explicit TimedElementAction(const TimedElement& kind) : kind_(kind) {}
  const ActionSpec& spec() const noexcept override { return kind_.spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = kind_.describe(parameters);
    const auto element = firewall_.find(kind_.element(parameters));
    if (!element) {
      forecast.now.push_back(element.error().message);
    } else if (*element) {
      forecast.already = (*element)->expires >= whole_seconds(parameters.duration("ttl"));
      forecast.now.push_back(fmt::format("in the set already, for another {}", render_duration((*element)->expires)));
    } else {
      forecast.now.emplace_back("not in the set now");
    }
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    const std::array elements{kind_.element(parameters)};
    const auto timeout = whole_seconds(parameters.duration("ttl"));
    TOCSIN_TRY(const std::optional<BlockedElement> before, firewall_.find(elements[0]));
    TOCSIN_TRY(const bool rules, firewall_.ready());
    // Never shorter than somebody else asked for.
    if (before && rules && before->expires >= timeout)
      return outcome(Outcome::State::already, parameters, before->expires);
    if (!rules) TOCSIN_CHECK(firewall_.ensure());
    TOCSIN_CHECK(firewall_.put(elements, timeout, key));
    return outcome(Outcome::State::applied, parameters, timeout);
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const SetElement wanted = kind_.element(parameters);
    TOCSIN_TRY(const std::optional<BlockedElement> element, firewall_.find(wanted));
    if (!element) return Verification{Presence::absent, fmt::format("{} is not in set {}", wanted.element, wanted.set)};
    TOCSIN_TRY(const bool rules, firewall_.ready());
    if (!rules) return Verification{Presence::changed, "the rules that drop packets were changed by somebody"};
    return Verification{Presence::in_effect, fmt::format("{} is in set {}, for another {}", wanted.element, wanted.set,
                                                         render_duration(element->expires))};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    const SetElement element = kind_.element(parameters);
    Outcome out;
    out.state = Outcome::State::undone;
    TOCSIN_TRY(const bool was, firewall_.remove(element));
    out.summary =
        was ? fmt::format("no longer: {}", kind_.effect(parameters)) : element.element + " was not in the set any more";
    return out;
  }

 private:
  Outcome outcome(Outcome::State state, const Parameters& parameters, std::chrono::seconds left) const {
    Outcome out;
    out.state = state;
    out.expires_in = left;
    out.summary = fmt::format("{}{} for {}", kind_.effect(parameters),
                              state == Outcome::State::already ? " already, still" : "", render_duration(left));
    const std::string name(kind_.spec.parameters.front().name);
    out.outputs = {{name, parameters.texts().front().second}, {"seconds", std::to_string(left.count())}};
    return out;
  }

  const TimedElement kind_;
  Firewall firewall_;
};

}  // namespace

std::unique_ptr<Action> make_timed_element(const TimedElement& kind) {
  return std::make_unique<TimedElementAction>(kind);
}

Forecast describe_timed_element(const Parameters& parameters, std::string would, const SetElement& element) {
  const auto timeout = whole_seconds(parameters.duration("ttl"));
  Forecast forecast;
  forecast.would.push_back(fmt::format("{} for {}", would, render_duration(timeout)));
  forecast.would.push_back(fmt::format("nft add element inet tocsin {} {{ {} timeout {}s }}", element.set,
                                       element.element, timeout.count()));
  forecast.undo = fmt::format("the kernel removes the element after {}; earlier with `tocsin action undo`",
                              render_duration(timeout));
  return forecast;
}

}  // namespace tocsin::responders
