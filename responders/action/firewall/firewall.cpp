#include "responders/action/firewall/firewall.h"

#include <algorithm>

namespace tocsin::responders {
namespace {

// Of the sets that hold single addresses and no intervals.
std::optional<IpAddress> key_of(const SetElement& element) {
  return element.set == "blocked4" || element.set == "blocked6" ? parse_address(element.element) : std::nullopt;
}

}  // namespace

Result<bool> Firewall::ready() {
  TOCSIN_TRY(const std::uint32_t generation, tables_.generation());
  if (ready_at_ == generation) return true;
  auto listing = nftables_.run(table_command(), Nftables::Listing::terse);
  if (!listing) {
    if (listing.error().code == Code::not_found) return false;
    return std::unexpected(std::move(listing).error());
  }
  TOCSIN_TRY(const std::size_t count, count_rules(*listing));
  const bool ready = count == rules_expected();
  if (ready) ready_at_ = generation;
  return ready;
}

// Our own change is no reason to look through all again: one transaction is one generation.
Result<std::string> Firewall::commit(const std::string& transaction) {
  TOCSIN_TRY(const std::uint32_t before, tables_.generation());
  TOCSIN_TRY(std::string output, nftables_.run(transaction));
  TOCSIN_TRY(const std::uint32_t after, tables_.generation());
  if (ready_at_ == before && after == before + 1) ready_at_ = after;
  return output;
}

Result<void> Firewall::ensure() {
  TOCSIN_TRY(const bool there, ready());
  if (there) return {};
  TOCSIN_CHECK(nftables_.run(foundation_transaction()));
  return {};
}

Result<std::optional<BlockedElement>> Firewall::find(const SetElement& element) {
  if (const auto address = key_of(element)) {
    TOCSIN_TRY(const std::optional<ElementTimes> times, tables_.find(element.set, address->bytes()));
    if (!times) return std::optional<BlockedElement>();
    BlockedElement out;
    out.text = element.element;
    out.network = Network{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
    out.timeout = times->timeout;
    out.expires = times->expires;
    return out;
  }
  // Asked for alone first: listing all takes longer the more there are.
  if (const auto alone = nftables_.run(get_command(element)); !alone) {
    if (alone.error().code == Code::not_found) return std::optional<BlockedElement>();
    return std::unexpected(alone.error());
  }
  TOCSIN_TRY(const std::string answer, nftables_.run(list_command(element.set)));
  TOCSIN_TRY(std::vector<BlockedElement> elements, parse_elements(answer));
  const auto at = std::find_if(elements.begin(), elements.end(),
                               [&](const BlockedElement& item) { return item.text == element.element; });
  return at == elements.end() ? std::optional<BlockedElement>() : std::optional<BlockedElement>(std::move(*at));
}

Result<void> Firewall::put(std::span<const SetElement> elements, std::chrono::seconds timeout, std::string_view key) {
  TOCSIN_CHECK(commit(put_transaction(elements, timeout, key)));
  return {};
}

Result<bool> Firewall::remove(const SetElement& element) {
  const auto answer = commit(remove_transaction(element));
  if (answer) return true;
  if (answer.error().code == Code::not_found) return false;
  return std::unexpected(answer.error());
}

std::chrono::seconds whole_seconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration);
  return seconds.count() < 1 ? std::chrono::seconds(1) : seconds;
}

std::string shown(const Network& network) {
  return network.prefix == (network.base.is_v4() ? 32 : 128) ? render_address(network.base) : render_network(network);
}

}  // namespace tocsin::responders
