#pragma once
// Reputation of addresses for `iprep`: categories and scores (0-127) from reputation-categories-file and
// reputation-files of suricata.yaml. Built with the rules, immutable, shared. Suricata documentation, "IP Reputation".

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/diagnostic.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

enum class ReputationSide : std::uint8_t { any, source, destination, both };
enum class ReputationQuestion : std::uint8_t { score, isset, isnotset };

class Reputation {
 public:
  static constexpr std::size_t entries_most = 4'000'000;

  // "1,BadHosts,Known bad hosts"; wrong lines are reported and passed over.
  void add_categories(const std::string& file, std::string_view text, Diagnostics& diagnostics);
  // "192.0.2.1,1,90", "192.0.2.0/24,1,90"
  void add_scores(const std::string& file, std::string_view text, Diagnostics& diagnostics);

  std::optional<std::uint8_t> category(std::string_view name) const;
  std::optional<std::uint8_t> score(const IpAddress& address, std::uint8_t category) const;
  // What an `iprep` test says of these ends.
  bool holds(const PacketTest& test, const IpAddress& source, const IpAddress& destination) const;

 private:
  using Scores = std::vector<std::pair<std::uint8_t, std::uint8_t>>;  // category, score
  static std::optional<std::uint8_t> of(const Scores& scores, std::uint8_t category) noexcept;
  void put(const Network& network, std::uint8_t category, std::uint8_t score);
  bool one_holds(const PacketTest& test, const IpAddress& address) const;

  std::map<std::string, std::uint8_t, std::less<>> categories_;
  // By family (0: IPv4) and length of the prefix; lookups go from the longest.
  std::array<std::map<std::uint8_t, std::unordered_map<IpAddress, Scores>, std::greater<>>, 2> networks_;
  std::size_t entries_ = 0;
};

}  // namespace tocsin::rules::signature
