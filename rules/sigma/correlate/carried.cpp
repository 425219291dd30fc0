#include "rules/sigma/correlate/carried.h"

#include <cmath>
#include <cstring>

#include "collectors/base/text.h"
#include "rules/sigma/correlate/key.h"

namespace tocsin::rules::sigma {
namespace {

// Lists hold values, seldom lists; what is nested deeper than anybody asks is left out.
constexpr int depth_most = 4;

// Measures with no memory, then copies into as much as was measured: the same walk both times.
class Copier {
 public:
  explicit Copier(std::byte* memory) : memory_(memory) {}
  std::size_t used() const noexcept { return used_; }

  template <class T>
  std::span<T> copy(std::span<const T> items) {
    used_ = (used_ + alignof(T) - 1) & ~(alignof(T) - 1);
    const auto start = used_;
    used_ += items.size_bytes();
    if (memory_ == nullptr || items.empty()) return {};
    auto* place = reinterpret_cast<T*>(memory_ + start);
    std::memcpy(static_cast<void*>(place), items.data(), items.size_bytes());
    return {place, items.size()};
  }
  std::string_view copy(std::string_view text) {
    const auto kept = copy(std::span<const char>(text));
    return {kept.data(), kept.size()};
  }
  Value copy(const Value& value, int depth = 0) {
    switch (value.kind()) {
      case Value::Kind::text: return Value::text(copy(value.as_text()));
      case Value::Kind::bytes: {
        const auto bytes = copy<std::uint8_t>(value.as_bytes());
        return Value::bytes(bytes);
      }
      case Value::Kind::ip: {
        const auto address = value.as_ip();
        return Value::ip(copy(std::span(&address, 1)).data());
      }
      case Value::Kind::list: {
        if (depth >= depth_most) return {};
        const auto items = copy(value.as_list());
        for (std::size_t i = 0; i < value.as_list().size(); ++i) {
          const auto item = copy(value.as_list()[i], depth + 1);
          if (!items.empty()) items[i] = item;
        }
        return Value::list(items);
      }
      default: return value;
    }
  }
  Event copy(const Event& event) {
    auto header = event.header();
    const auto fields = copy(event.fields());
    for (std::size_t i = 0; i < event.fields().size(); ++i) {
      const auto value = copy(event.fields()[i].value);
      if (!fields.empty()) fields[i].value = value;
    }
    header.dataset = copy(header.dataset);
    header.host = copy(header.host);
    header.source = copy(header.source);
    return Event(header, fields, copy(event.original()));
  }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

std::unique_ptr<std::byte[]> memory_for(const Event& event) {
  Copier measure(nullptr);
  measure.copy(event);
  return std::make_unique_for_overwrite<std::byte[]>(measure.used());
}

}  // namespace

bool set_value(Contribution& contribution, const Correlation& correlation, std::span<const std::string_view> values) {
  if (correlation.fields.empty()) return true;
  if (values.size() != correlation.fields.size()) return false;
  if (correlation.type == CorrelationType::value_count) {
    std::string tuple;
    for (const auto& value : values) append_to_key(tuple, value);
    contribution.value = hash128(tuple);
    return true;
  }
  const auto number = parse_real(values.front());
  if (!number || !std::isfinite(*number)) return false;
  contribution.number = *number;
  return true;
}

KeptEvent::KeptEvent(const Event& event) : memory_(memory_for(event)), event_(Copier(memory_.get()).copy(event)) {}

}  // namespace tocsin::rules::sigma
