#include "responders/action/network_block_address/network_block_address.h"

#include <fmt/format.h>

#include "responders/action/network_block_address/nftables.h"
#include "responders/action/network_block_address/ruleset.h"

namespace tocsin::responders {
namespace {

std::string shown(const Network& network) {
  const bool single = network.prefix == (network.base.is_v4() ? 32 : 128);
  return single ? render_address(network.base) : render_network(network);
}

std::chrono::seconds whole_seconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration);
  return seconds.count() < 1 ? std::chrono::seconds(1) : seconds;
}

class NetworkBlockAddress final : public Action {
 public:
  const ActionSpec& spec() const noexcept override { return network_block_address_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_network_block_address(parameters);
    auto element = find(parameters.network("address"));
    if (!element) {
      forecast.now.push_back(element.error().message);
    } else if (*element) {
      forecast.already = (*element)->expires >= whole_seconds(parameters.duration("ttl"));
      forecast.now.push_back(fmt::format("blocked already, for another {}", render_duration((*element)->expires)));
    } else {
      forecast.now.push_back("not blocked now");
    }
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    const Network& network = parameters.network("address");
    const auto timeout = whole_seconds(parameters.duration("ttl"));
    TOCSIN_TRY(const std::optional<BlockedElement> before, find(network));
    TOCSIN_TRY(const bool rules, has_rules());
    if (before && rules && before->expires >= timeout)
      return outcome(Outcome::State::already, network, before->expires);
    TOCSIN_CHECK(ensure_foundation());
    TOCSIN_TRY(const std::string output, nftables_.run(block_transaction(network, timeout, key)));
    TOCSIN_TRY(const std::optional<BlockedElement> after, find(network));
    if (!after) return fail(Code::failure, fmt::format("{} is not in the set after adding it", shown(network)));
    return outcome(Outcome::State::applied, network, timeout);
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    const Network& network = parameters.network("address");
    TOCSIN_TRY(const std::optional<BlockedElement> element, find(network));
    if (!element) return Verification{Presence::absent, fmt::format("{} is not in the set", shown(network))};
    TOCSIN_TRY(const bool rules, has_rules());
    if (!rules) return Verification{Presence::changed, "the rules that drop its packets were changed by somebody"};
    return Verification{Presence::in_effect, fmt::format("{} is in set {}, for another {}", shown(network),
                                                         set_of(network), render_duration(element->expires))};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    const Network& network = parameters.network("address");
    Outcome out;
    out.state = Outcome::State::undone;
    auto result = nftables_.run(unblock_transaction(network));
    if (!result && result.error().code != Code::not_found) return std::unexpected(std::move(result).error());
    out.summary = shown(network) + (result ? " is no longer blocked" : " was not blocked any more");
    return out;
  }

 private:
  static Outcome outcome(Outcome::State state, const Network& network, std::chrono::seconds left) {
    Outcome out;
    out.state = state;
    out.expires_in = left;
    out.summary = fmt::format("{} {} {}", shown(network),
                              state == Outcome::State::already ? "was blocked already, for another" : "is blocked for",
                              render_duration(left));
    out.outputs = {{"address", shown(network)}, {"seconds", std::to_string(left.count())}};
    return out;
  }

  // Committing rules makes the kernel wait for every packet in flight, so it is done when needed only; somebody who
  // flushed the ruleset is noticed here.
  Result<bool> has_rules() {
    auto listing = nftables_.run(table_command(), Nftables::Listing::terse);
    if (!listing) {
      if (listing.error().code == Code::not_found) return false;
      return std::unexpected(std::move(listing).error());
    }
    TOCSIN_TRY(const std::size_t count, count_rules(*listing));
    return count == rules_expected;
  }

  Result<void> ensure_foundation() {
    TOCSIN_TRY(const bool there, has_rules());
    if (there) return {};
    TOCSIN_TRY(const std::string output, nftables_.run(foundation_transaction()));
    return {};
  }

  Result<std::optional<BlockedElement>> find(const Network& network) {
    auto answer = nftables_.run(list_command(set_of(network)));
    if (!answer) {
      if (answer.error().code == Code::not_found) return std::optional<BlockedElement>();
      return std::unexpected(std::move(answer).error());
    }
    TOCSIN_TRY(const std::vector<BlockedElement> elements, parse_elements(*answer));
    for (const BlockedElement& element : elements)
      if (element.network == network) return std::optional<BlockedElement>(element);
    return std::optional<BlockedElement>();
  }

  Nftables nftables_;
};

}  // namespace

Forecast describe_network_block_address(const Parameters& parameters) {
  const Network& network = parameters.network("address");
  const bool single = network.prefix == (network.base.is_v4() ? 32 : 128);
  const auto timeout = whole_seconds(parameters.duration("ttl"));
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("drop every packet from and to {} for {}", shown(network), render_duration(timeout)));
  forecast.would.push_back(fmt::format("nft add element inet tocsin {} {{ {} timeout {}s }}", set_of(network),
                                       shown(network), timeout.count()));
  forecast.touches.push_back({single ? "address" : "network", shown(network)});
  forecast.undo = fmt::format("the kernel removes the element after {}; earlier with `tocsin action undo`",
                              render_duration(timeout));
  return forecast;
}

std::unique_ptr<Action> make_network_block_address(const ActionEnvironment&) {
  return std::make_unique<NetworkBlockAddress>();
}

}  // namespace tocsin::responders
