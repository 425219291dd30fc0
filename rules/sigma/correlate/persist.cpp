// Correlation state as bytes and back: the part of Correlator that a checkpoint uses. Little-endian numbers, texts with
// their length; a version in front. A correlation is known by its id and a hash of its definition.

#include <bit>

#include "collectors/base/bytes.h"
#include "rules/sigma/correlate/correlator.h"
#include "rules/sigma/correlate/key.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::uint64_t format_version = 3;

class Writer {
 public:
  void number(std::uint64_t n) {
    for (int i = 0; i < 8; ++i) out_ += static_cast<char>((n >> (8 * i)) & 0xFF);
  }
  void time(Time t) { number(static_cast<std::uint64_t>(t.time_since_epoch().count())); }
  void text(std::string_view t) {
    number(t.size());
    out_ += t;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class TextReader {
 public:
  explicit TextReader(std::string_view bytes) : reader_(as_bytes(bytes)) {}
  std::uint64_t number() { return reader_.u64_little(); }
  Time time() { return Time{Duration{static_cast<std::int64_t>(number())}}; }
  std::string text() {
    const auto size = number();
    return std::string(as_text(reader_.take(size > reader_.remaining() ? reader_.remaining() + 1 : size)));
  }
  bool ok() const { return reader_.ok(); }

 private:
  ByteReader reader_;
};

std::uint64_t definition_hash(const Correlation& c) {
  Writer w;
  w.text(c.heading.info.id);
  w.number(static_cast<std::uint64_t>(c.type));
  for (const auto& rule : c.rules) w.text(rule);
  for (const auto& field : c.group_by) w.text(field);
  for (const auto& field : c.fields) w.text(field);
  for (const auto& threshold : c.thresholds) {
    w.number(static_cast<std::uint64_t>(threshold.relation));
    w.number(std::bit_cast<std::uint64_t>(threshold.value));
  }
  w.number(static_cast<std::uint64_t>(c.timespan.count()));
  return hash64(w.take());
}

void write_occurrence(Writer& w, const Occurrence& o) {
  w.time(o.time);
  w.number(o.member);
  w.number(o.event.high);
  w.number(o.event.low);
  w.number(std::bit_cast<std::uint64_t>(o.number));
  w.number(o.value.high);
  w.number(o.value.low);
}

Occurrence read_occurrence(TextReader& r) {
  Occurrence o;
  o.time = r.time();
  o.member = static_cast<std::uint32_t>(r.number());
  o.event.high = r.number();
  o.event.low = r.number();
  o.number = std::bit_cast<double>(r.number());
  o.value.high = r.number();
  o.value.low = r.number();
  return o;
}

}  // namespace

std::string Correlator::save() const {
  Writer w;
  w.number(format_version);
  w.number(tables_.size());
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    w.number(definition_hash(network_.correlations[i]));
    const auto& groups = tables_[i].groups;
    w.number(groups.size());
    // Oldest first, so that reading them back gives the same order.
    for (auto at = groups.oldest(); at != GroupTable::none; at = groups.newer(at)) {
      const auto* place = &groups[at];
      w.text(place->key);
      w.time(place->seen);
      w.text(place->origin.host);
      w.number(place->origin.exercise == Exercise::yes ? 1 : 0);
      w.number(place->group.armed ? 1 : 0);
      w.time(place->group.fired_at);
      w.number(place->group.waiting ? 1 : 0);
      w.time(place->group.closes_at);
      w.number(place->group.entries().size());
      for (std::size_t e = 0; e < place->group.entries().size(); ++e) write_occurrence(w, place->group.entries()[e]);
    }
  }
  return w.take();
}

Result<void> Correlator::restore(std::string_view saved) {
  if (saved.empty()) return {};
  TextReader r(saved);
  if (r.number() != format_version) return fail(Code::invalid, "the saved correlation state has another version");
  const auto tables = r.number();
  for (std::uint64_t t = 0; t < tables && r.ok(); ++t) {
    const auto hash = r.number();
    std::uint32_t known = 0;
    while (known < tables_.size() && definition_hash(network_.correlations[known]) != hash) ++known;
    const auto groups = r.number();
    for (std::uint64_t g = 0; g < groups && r.ok(); ++g) {
      const auto key = r.text();
      const auto seen = r.time();
      Origin origin{r.text(), {}};
      if (r.number() != 0) origin.exercise = Exercise::yes;
      const bool armed = r.number() != 0;
      const auto fired_at = r.time();
      const bool waiting = r.number() != 0;
      const auto closes_at = r.time();
      const auto entries = r.number();
      const bool fits =
          known < tables_.size() && r.ok() && values_of_key(key).size() == network_.correlations[known].group_by.size();
      Slot* place = fits ? &slot(known, key, seen) : nullptr;
      for (std::uint64_t i = 0; i < entries && r.ok(); ++i) {
        const auto occurrence = read_occurrence(r);
        if (place == nullptr || !r.ok() || occurrence.member >= network_.correlations[known].rules.size()) continue;
        place->group.add(network_.correlations[known], occurrence, tables_[known].most_entries);
      }
      if (place == nullptr) continue;
      place->origin = std::move(origin);
      place->group.armed = armed;
      place->group.fired_at = fired_at;
      place->group.waiting = waiting;
      place->group.closes_at = closes_at;
      if (waiting) timers_.insert({closes_at, known, place->key});
    }
  }
  if (!r.ok()) return fail(Code::invalid, "the saved correlation state is cut short");
  return {};
}

}  // namespace tocsin::rules::sigma
