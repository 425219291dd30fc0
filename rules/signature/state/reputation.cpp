#include "rules/signature/state/reputation.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::uint64_t category_most = 59;
constexpr std::uint64_t score_most = 127;

void report(Diagnostics& diagnostics, const std::string& file, std::uint32_t line, std::string cause) {
  diagnostics.add({Severity::warning, "S0503", file, line, 1, {}, std::move(cause), "Correct or remove the line"});
}

IpAddress masked(const IpAddress& address, std::uint8_t prefix) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  const auto all = address.bytes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const int left = static_cast<int>(prefix) - static_cast<int>(i) * 8;
    const unsigned mask = left >= 8 ? 0xFFU : left <= 0 ? 0U : (0xFF00U >> left) & 0xFFU;
    bytes[i] = static_cast<std::uint8_t>(all[i] & mask);
  }
  return address.is_v4() ? IpAddress::v4(Bytes(bytes).first(4)) : IpAddress::v6(bytes);
}

template <class Function>
void for_lines(std::string_view text, Function function) {
  std::uint32_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (!line.empty() && !line.starts_with('#')) function(number, line);
  }
}

}  // namespace

void Reputation::add_categories(const std::string& file, std::string_view text, Diagnostics& diagnostics) {
  for_lines(text, [&](std::uint32_t number, std::string_view line) {
    const auto items = split(line, ',');
    const auto id = parse_unsigned(trim(items[0]));
    if (items.size() < 2 || !id || *id == 0 || *id > category_most || trim(items[1]).empty())
      return report(diagnostics, file, number, "not of the form number,name,description with a number of 1-59");
    categories_[std::string(trim(items[1]))] = static_cast<std::uint8_t>(*id);
  });
}

void Reputation::put(const Network& network, std::uint8_t category, std::uint8_t score) {
  auto& scores = networks_[network.base.is_v4() ? 0 : 1][network.prefix][network.base];
  const auto found = std::ranges::find(scores, category, &std::pair<std::uint8_t, std::uint8_t>::first);
  if (found != scores.end()) found->second = score;
  else scores.emplace_back(category, score);
  ++entries_;
}

void Reputation::add_scores(const std::string& file, std::string_view text, Diagnostics& diagnostics) {
  for_lines(text, [&](std::uint32_t number, std::string_view line) {
    if (entries_ >= entries_most) return;
    const auto items = split(line, ',');
    const auto network = parse_network(trim(items[0]), HostBits::clear);
    const auto id = items.size() == 3 ? parse_unsigned(trim(items[1])) : std::nullopt;
    const auto score = items.size() == 3 ? parse_unsigned(trim(items[2])) : std::nullopt;
    if (!network || !id || !score || *id == 0 || *id > category_most || *score > score_most)
      return report(diagnostics, file, number, "not of the form address,category,score with a score of 0-127");
    put(*network, static_cast<std::uint8_t>(*id), static_cast<std::uint8_t>(*score));
  });
  if (entries_ >= entries_most) report(diagnostics, file, 0, "more than 4 million entries: the rest is left out");
}

std::optional<std::uint8_t> Reputation::category(std::string_view name) const {
  const auto found = categories_.find(name);
  return found == categories_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint8_t> Reputation::of(const Scores& scores, std::uint8_t category) noexcept {
  for (const auto& [id, score] : scores)
    if (id == category) return score;
  return std::nullopt;
}

std::optional<std::uint8_t> Reputation::score(const IpAddress& address, std::uint8_t category) const {
  if (!address) return std::nullopt;
  for (const auto& [prefix, networks] : networks_[address.is_v4() ? 0 : 1]) {
    const auto found = networks.find(masked(address, prefix));
    if (found == networks.end()) continue;
    if (const auto score = of(found->second, category)) return score;
  }
  return std::nullopt;
}

bool Reputation::one_holds(const PacketTest& test, const IpAddress& address) const {
  const auto found = score(address, test.flags);
  switch (static_cast<ReputationQuestion>(test.ignored)) {
    case ReputationQuestion::isset: return found.has_value();
    case ReputationQuestion::isnotset: return !found;
    case ReputationQuestion::score: return found && test.range.holds(*found);
  }
  return false;
}

bool Reputation::holds(const PacketTest& test, const IpAddress& source, const IpAddress& destination) const {
  switch (static_cast<ReputationSide>(test.mode)) {
    case ReputationSide::any: return one_holds(test, source) || one_holds(test, destination);
    case ReputationSide::source: return one_holds(test, source);
    case ReputationSide::destination: return one_holds(test, destination);
    case ReputationSide::both: return one_holds(test, source) && one_holds(test, destination);
  }
  return false;
}

}  // namespace tocsin::rules::signature
