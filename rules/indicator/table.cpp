#include "rules/indicator/table.h"

#include <algorithm>
#include <limits>

#include "collectors/base/digest.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t slots_least = 1024;
constexpr std::size_t text_most = 256;
constexpr std::size_t sources_most = std::numeric_limits<std::uint16_t>::max();

std::size_t labels_of(std::string_view domain) noexcept {
  return static_cast<std::size_t>(std::ranges::count(domain, '.')) + 1;
}

std::uint64_t label_bit(std::size_t labels) noexcept {
  return std::uint64_t{1} << (std::min<std::size_t>(labels, 64) - 1);
}

// 0 stands for "no bound" on both sides.
Second later(Second a, Second b) noexcept { return a == 0 || b == 0 ? 0 : std::max(a, b); }
Second earlier(Second a, Second b) noexcept { return a == 0 || b == 0 ? 0 : std::min(a, b); }

}  // namespace

IndicatorTable::IndicatorTable(const TableLimits& limits) : limits_(limits), slots_(slots_least), texts_(1) {}

std::uint64_t IndicatorTable::hash_of(Kind kind, std::string_view key) noexcept {
  return hash64(key, static_cast<std::uint64_t>(kind) + 1);
}

std::uint16_t IndicatorTable::add_source(std::string name) {
  if (sources_.size() < sources_most) sources_.push_back(std::move(name));
  return static_cast<std::uint16_t>(sources_.size() - 1);
}

EntryId IndicatorTable::find_hashed(std::uint64_t hash, Kind kind, std::string_view key) const noexcept {
  const auto mask = slots_.size() - 1;
  const auto tag = hash >> 32;
  for (auto at = hash & mask;; at = (at + 1) & mask) {
    const auto slot = slots_[at];
    if (slot == 0) return no_entry;
    if (slot >> 32 != tag) continue;
    const auto id = static_cast<EntryId>(slot) - 1;
    const auto& entry = entries_[id];
    if (entry.kind == kind && this->key(entry) == key) return id;
  }
}

EntryId IndicatorTable::find(Kind kind, std::string_view key) const noexcept {
  return find_hashed(hash_of(kind, key), kind, key);
}

void IndicatorTable::place(std::uint64_t hash, EntryId id) noexcept {
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = (hash >> 32) << 32 | (std::uint64_t{id} + 1);
}

void IndicatorTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (EntryId id = 0; id < entries_.size(); ++id) place(hash_of(entries_[id].kind, key(entries_[id])), id);
}

std::uint32_t IndicatorTable::text_number(std::string_view text) {
  text = text.substr(0, text_most);
  if (text.empty()) return 0;
  if (const auto found = text_numbers_.find(text); found != text_numbers_.end()) return found->second;
  if (texts_.size() > limits_.texts_most) return 0;
  texts_.emplace_back(text);
  const auto number = static_cast<std::uint32_t>(texts_.size() - 1);
  text_numbers_.emplace(std::string(text), number);
  return number;
}

std::uint32_t IndicatorTable::with_source(std::uint32_t set, std::uint16_t source) {
  std::vector<std::uint16_t> wanted;
  if (set != no_entry) wanted = source_sets_[set];
  if (std::ranges::find(wanted, source) != wanted.end()) return set;
  wanted.insert(std::ranges::upper_bound(wanted, source), source);
  const auto [place, fresh] = set_numbers_.try_emplace(wanted, static_cast<std::uint32_t>(source_sets_.size()));
  if (fresh) source_sets_.push_back(std::move(wanted));
  return place->second;
}

void IndicatorTable::merge(Entry& entry, const Statement& statement, std::uint16_t source, std::uint8_t confidence) {
  entry.sources = with_source(entry.sources, source);
  entry.from = earlier(entry.from, statement.from);
  entry.until = later(entry.until, statement.until);
  entry.confidence = std::max(entry.confidence, confidence);
  entry.tlp = std::max(entry.tlp, statement.tlp);
  entry.reach = std::max(entry.reach, statement.value.reach);
  if (entry.title == 0) entry.title = text_number(statement.title);
  if (entry.reference == 0) entry.reference = text_number(statement.reference);
  if (entry.origin == 0) entry.origin = text_number(statement.origin);
}

Added IndicatorTable::add(const Statement& statement, std::uint16_t source, std::uint8_t default_confidence) {
  const auto& value = statement.value;
  const auto confidence = std::min<std::uint8_t>(statement.confidence.value_or(default_confidence), 100);
  const auto hash = hash_of(value.kind, value.key);
  if (const auto known = find_hashed(hash, value.kind, value.key); known != no_entry) {
    merge(entries_[known], statement, source, confidence);
    return Added::merged;
  }
  const bool room = entries_.size() < limits_.entries_most &&
                    keys_.size() + value.key.size() < std::numeric_limits<std::uint32_t>::max() &&
                    value.key.size() <= std::numeric_limits<std::uint16_t>::max();
  if (!room) return Added::full;
  Entry entry;
  entry.key_at = static_cast<std::uint32_t>(keys_.size());
  entry.key_size = static_cast<std::uint16_t>(value.key.size());
  entry.kind = value.kind;
  entry.reach = value.reach;
  entry.line = statement.line;
  entry.from = statement.from;
  entry.until = statement.until;
  entry.confidence = confidence;
  entry.tlp = statement.tlp;
  entry.title = text_number(statement.title);
  entry.reference = text_number(statement.reference);
  entry.origin = text_number(statement.origin);
  entry.sources = with_source(no_entry, source);
  keys_ += value.key;
  entries_.push_back(entry);
  ++counts_[static_cast<std::size_t>(value.kind)];
  if (value.kind == Kind::domain) domain_labels_ |= label_bit(labels_of(value.key));
  // At most seven tenths full.
  if (entries_.size() * 10 > slots_.size() * 7) grow();
  else place(hash, static_cast<EntryId>(entries_.size() - 1));
  return Added::fresh;
}

void IndicatorTable::finish() {
  for (EntryId id = 0; id < entries_.size(); ++id) {
    const auto& entry = entries_[id];
    if (entry.kind != Kind::network) continue;
    const auto bytes = as_bytes(key(entry));
    const auto base = bytes.first(bytes.size() - 1);
    networks_.add({base.size() == 4 ? IpAddress::v4(base) : IpAddress::v6(base), bytes.back()}, id);
  }
  networks_.finish();
  entries_.shrink_to_fit();
  keys_.shrink_to_fit();
  set_numbers_.clear();
  text_numbers_.clear();
}

EntryId IndicatorTable::in_force(EntryId id, Second now) const noexcept {
  return id != no_entry && entries_[id].in_force(now) ? id : no_entry;
}

EntryId IndicatorTable::find_address(const IpAddress& given, Second now) const noexcept {
  const auto address = given.unmapped();
  if (has(Kind::address))
    if (const auto id = in_force(find(Kind::address, as_text(address.bytes())), now); id != no_entry) return id;
  auto id = networks_.narrowest(address);
  while (id != no_entry && !entries_[id].in_force(now)) id = networks_.wider(id);
  return id;
}

EntryId IndicatorTable::find_endpoint(const IpAddress& given, std::uint16_t port, Second now) const noexcept {
  if (!has(Kind::endpoint)) return no_entry;
  const auto address = given.unmapped();
  const auto bytes = address.bytes();
  std::array<char, 18> key{};
  std::ranges::copy(as_text(bytes), key.begin());
  key[bytes.size()] = static_cast<char>(port >> 8);
  key[bytes.size() + 1] = static_cast<char>(port & 0xFF);
  return in_force(find(Kind::endpoint, {key.data(), bytes.size() + 2}), now);
}

EntryId IndicatorTable::find_domain(std::string_view name, Second now) const noexcept {
  if (!has(Kind::domain)) return no_entry;
  bool whole = true;
  for (auto labels = labels_of(name);; --labels, whole = false) {
    if ((domain_labels_ & label_bit(labels)) != 0) {
      const auto id = in_force(find(Kind::domain, name), now);
      if (id != no_entry && (whole || entries_[id].reach == Reach::subdomains)) return id;
    }
    if (labels == 1) return no_entry;
    name.remove_prefix(name.find('.') + 1);
  }
}

EntryId IndicatorTable::find_url(std::string_view url, Second now) const noexcept {
  if (!has(Kind::url)) return no_entry;
  if (const auto id = in_force(find(Kind::url, url), now); id != no_entry) return id;
  const auto plain = url_without_query(url);
  return plain.empty() ? no_entry : in_force(find(Kind::url, plain), now);
}

EntryId IndicatorTable::find_digest(Kind kind, Bytes digest, Second now) const noexcept {
  return has(kind) ? in_force(find(kind, as_text(digest)), now) : no_entry;
}

EntryId IndicatorTable::find_ja4(std::string_view lower, Second now) const noexcept {
  return has(Kind::ja4) ? in_force(find(Kind::ja4, lower), now) : no_entry;
}

std::vector<EntryId> IndicatorTable::around(const ListedValue& value) const {
  std::vector<EntryId> out;
  const auto take = [&](EntryId id) {
    if (id != no_entry && std::ranges::find(out, id) == out.end()) out.push_back(id);
  };
  const auto address = [&](const IpAddress& of) {
    take(find(Kind::address, as_text(of.bytes())));
    for (auto id = networks_.narrowest(of); id != no_entry; id = networks_.wider(id)) take(id);
  };
  const auto domain = [&](std::string_view name) {
    take(find(Kind::domain, name));
    for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
      name.remove_prefix(dot + 1);
      const auto id = find(Kind::domain, name);
      if (id != no_entry && entries_[id].reach == Reach::subdomains) take(id);
    }
  };
  const auto base = [&](std::size_t behind) {
    const auto bytes = as_bytes(value.key).first(value.key.size() - behind);
    return bytes.size() == 4 ? IpAddress::v4(bytes) : IpAddress::v6(bytes);
  };
  take(find(value.kind, value.key));
  switch (value.kind) {
    case Kind::address: address(base(0)); break;
    case Kind::network: address(base(1)); break;
    case Kind::endpoint: address(base(2)); break;
    case Kind::domain: domain(value.key); break;
    case Kind::url: {
      if (const auto plain = url_without_query(value.key); !plain.empty()) take(find(Kind::url, plain));
      const auto host = url_host(value.key);
      if (const auto parsed = parse_address(host)) address(*parsed);
      else domain(host);
      break;
    }
    default: break;
  }
  return out;
}

std::size_t IndicatorTable::expired(Second now) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [&](const Entry& entry) { return entry.until != 0 && now >= entry.until; }));
}

std::size_t IndicatorTable::memory() const noexcept {
  std::size_t texts = 0;
  for (const auto& text : texts_) texts += sizeof(std::string) + text.capacity();
  return entries_.capacity() * sizeof(Entry) + keys_.capacity() + slots_.capacity() * sizeof(std::uint64_t) +
         networks_.memory() + texts;
}

}  // namespace tocsin::rules::indicator
