#pragma once
// Up to millions of indicators in few arrays: entries of 40 bytes, their keys one after the other, one hash table of
// 8 bytes a place over everything but networks (which are in a trie as well). Looking up takes no lock, allocates
// nothing and misses the cache about once per table touched. Filled by one thread, then frozen and read by all.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/address.h"
#include "rules/indicator/indicator.h"
#include "rules/indicator/network_trie.h"

namespace tocsin::rules::indicator {

using EntryId = std::uint32_t;
inline constexpr EntryId no_entry = NetworkTrie::none;

struct Entry {
  std::uint32_t key_at = 0;
  std::uint32_t sources = 0;  // number of a set of sources
  std::uint32_t title = 0;    // numbers of texts; 0: none
  std::uint32_t reference = 0;
  std::uint32_t origin = 0;
  std::uint32_t line = 0;  // in its first source
  Second from = 0;
  Second until = 0;
  std::uint16_t key_size = 0;
  Kind kind = Kind::address;
  std::uint8_t confidence = 0;
  Tlp tlp = Tlp::none;
  Reach reach = Reach::exact;

  bool in_force(Second now) const noexcept { return now >= from && (until == 0 || now < until); }
};

struct TableLimits {
  std::size_t entries_most = 4'000'000;
  std::size_t texts_most = 500'000;  // distinct titles, references and origins
};

enum class Added : std::uint8_t { fresh, merged, full };

class IndicatorTable {
 public:
  explicit IndicatorTable(const TableLimits& limits = {});

  // A source's number is its place in sources(). At most 65,535; more share the last one.
  std::uint16_t add_source(std::string name);
  // Of equal values the widest bounds, the highest confidence and the strictest marking count; all sources are named.
  Added add(const Statement& statement, std::uint16_t source, std::uint8_t default_confidence);
  void finish();

  // The entry in force that is nearest to the value: itself, then the narrowest network or the longest domain around
  // it. `no_entry` when there is none.
  EntryId find_address(const IpAddress& address, Second now) const noexcept;
  EntryId find_endpoint(const IpAddress& address, std::uint16_t port, Second now) const noexcept;
  EntryId find_domain(std::string_view canonical, Second now) const noexcept;
  EntryId find_url(std::string_view canonical, Second now) const noexcept;
  EntryId find_digest(Kind kind, Bytes digest, Second now) const noexcept;
  EntryId find_ja4(std::string_view lower, Second now) const noexcept;
  // Exactly this key, in force or not.
  EntryId find(Kind kind, std::string_view key) const noexcept;
  // All that the value meets, whenever it is in force: itself, what is around it, what stands for its host.
  std::vector<EntryId> around(const ListedValue& value) const;
  bool has(Kind kind) const noexcept { return counts_[static_cast<std::size_t>(kind)] != 0; }

  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::string_view key(const Entry& entry) const noexcept {
    return std::string_view(keys_).substr(entry.key_at, entry.key_size);
  }
  std::string_view text(std::uint32_t number) const noexcept { return texts_[number]; }
  std::span<const std::uint16_t> sources_of(const Entry& entry) const noexcept { return source_sets_[entry.sources]; }
  const std::vector<std::string>& sources() const noexcept { return sources_; }
  std::size_t count(Kind kind) const noexcept { return counts_[static_cast<std::size_t>(kind)]; }
  std::size_t expired(Second now) const noexcept;
  std::size_t memory() const noexcept;

 private:
  static std::uint64_t hash_of(Kind kind, std::string_view key) noexcept;
  EntryId find_hashed(std::uint64_t hash, Kind kind, std::string_view key) const noexcept;
  EntryId in_force(EntryId id, Second now) const noexcept;
  void place(std::uint64_t hash, EntryId id) noexcept;
  void grow();
  std::uint32_t text_number(std::string_view text);
  std::uint32_t with_source(std::uint32_t set, std::uint16_t source);
  void merge(Entry& entry, const Statement& statement, std::uint16_t source, std::uint8_t confidence);

  const TableLimits limits_;
  std::vector<Entry> entries_;
  std::string keys_;
  std::vector<std::uint64_t> slots_;  // tag << 32 | entry + 1
  NetworkTrie networks_;
  std::array<std::size_t, kinds> counts_{};
  std::uint64_t domain_labels_ = 0;  // bit n: there is a domain of n + 1 labels; 64 and more share the last
  std::vector<std::string> sources_;
  std::vector<std::vector<std::uint16_t>> source_sets_;
  std::map<std::vector<std::uint16_t>, std::uint32_t> set_numbers_;
  std::vector<std::string> texts_;
  std::map<std::string, std::uint32_t, std::less<>> text_numbers_;
};

}  // namespace tocsin::rules::indicator
