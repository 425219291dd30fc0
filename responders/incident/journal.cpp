#include "responders/incident/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/base/text.h"
#include "responders/incident/decide.h"

namespace tocsin::responders {

Sha256 chain_hash(const Sha256& previous, std::uint64_t sequence, std::string_view json) {
  std::array<std::uint8_t, 8> number{};
  for (std::size_t i = 0; i < 8; ++i) number[i] = static_cast<std::uint8_t>(sequence >> (56 - 8 * i));
  Sha256Stream stream;
  stream.update(previous);
  stream.update(number);
  stream.update(as_bytes(json));
  return stream.finish();
}

Result<void> ChainVerifier::take(const JournalRecord& record) {
  if (record.sequence != head_.sequence + 1)
    return fail(Code::invalid, fmt::format("the journal is broken: entry {} follows entry {}; compare with the signed "
                                           "chain head and restore the store from a backup",
                                           record.sequence, head_.sequence));
  if (record.previous != head_.hash || record.hash != chain_hash(record.previous, record.sequence, record.json))
    return fail(Code::invalid,
                fmt::format("the journal was altered at entry {}; compare with the signed chain head and "
                            "restore the store from a backup",
                            record.sequence));
  head_ = {record.sequence, record.hash};
  return {};
}

std::vector<rules::AlertId> alerts_brought(const Change& change) {
  if (const auto* added = std::get_if<change::AlertAdded>(&change.body)) return {added->alert.id};
  if (const auto* repeated = std::get_if<change::AlertRepeated>(&change.body)) return {repeated->id};
  std::vector<rules::AlertId> out;
  if (const auto* absorbed = std::get_if<change::Absorbed>(&change.body))
    for (const auto& alert : absorbed->alerts) out.push_back(alert.id);
  return out;
}

std::string render_alias(int year, std::uint32_t number) { return fmt::format("INC-{:04}-{:04}", year, number); }

std::optional<AliasParts> parse_alias(std::string_view alias) noexcept {
  if (alias.size() < 13 || !alias.starts_with("INC-") || alias[8] != '-') return std::nullopt;
  const auto year = parse_unsigned(alias.substr(4, 4));
  const auto number = parse_unsigned(alias.substr(9));
  if (!year || !number || *number > 0xFFFFFFFF) return std::nullopt;
  return AliasParts{static_cast<int>(*year), static_cast<std::uint32_t>(*number)};
}

Result<void> MemoryJournal::append(std::span<const Change> changes) {
  for (const auto& change : changes) {
    JournalRecord record;
    record.sequence = records_.size() + 1;
    record.json = render_json(change);
    if (!records_.empty()) record.previous = records_.back().hash;
    record.hash = chain_hash(record.previous, record.sequence, record.json);
    records_.push_back(std::move(record));
    auto& own = by_incident_[change.incident];
    if (own.empty()) order_.push_back(change.incident);
    own.push_back(change);
    if (const auto* absorbed = std::get_if<change::Absorbed>(&change.body))
      for (auto& [alert, incident] : by_alert_)
        if (incident == absorbed->other) incident = change.incident;
    for (const auto& id : alerts_brought(change)) by_alert_[id] = change.incident;
    if (const auto* opened = std::get_if<change::Opened>(&change.body))
      if (const auto parts = parse_alias(opened->alias))
        numbers_[parts->year] = std::max(numbers_[parts->year], parts->number);
  }
  return {};
}

Result<std::vector<Change>> MemoryJournal::changes(IncidentId id) {
  const auto found = by_incident_.find(id);
  return found == by_incident_.end() ? std::vector<Change>{} : found->second;
}

Result<std::vector<IncidentId>> MemoryJournal::open_incidents() {
  std::vector<IncidentId> out;
  for (const auto& id : order_)
    if (fold(by_incident_[id], id).open()) out.push_back(id);
  return out;
}

Result<std::optional<IncidentId>> MemoryJournal::incident_of(const rules::AlertId& alert) {
  const auto found = by_alert_.find(alert);
  return found == by_alert_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::uint32_t> MemoryJournal::last_number(int year) {
  const auto found = numbers_.find(year);
  return found == numbers_.end() ? 0U : found->second;
}

Result<ChainHead> MemoryJournal::verify() {
  ChainVerifier verifier;
  for (const auto& record : records_) TOCSIN_CHECK(verifier.take(record));
  return verifier.head();
}

}  // namespace tocsin::responders
