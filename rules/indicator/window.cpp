#include "rules/indicator/window.h"

#include <charconv>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::uint64_t tag_of(const Digest128& key) noexcept { return key.high >> 32 << 32; }

std::uint64_t second_of(Time time) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds) & 0xFFFFFFFF;
}

}  // namespace

AlertWindow::AlertWindow(Duration window, Counter* folded, std::function<void(Time)> each_minute)
    : window_(window),
      window_seconds_(static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(window).count())),
      folded_(folded),
      each_minute_(std::move(each_minute)),
      hints_(std::make_unique<Hint[]>(keys_most)),
      owners_(keys_most) {}

void AlertWindow::hold_back(std::uint64_t count) noexcept {
  held_back_.fetch_add(count, std::memory_order_relaxed);
  if (folded_ != nullptr) folded_->add(count);
}

void AlertWindow::advance(Time now, AlertSink& /*out*/) {
  if (!each_minute_ || (minute_ && now - *minute_ < std::chrono::minutes{1})) return;
  minute_ = now;
  each_minute_(now);
}

bool AlertWindow::quiet(const Digest128& key, Time when) noexcept {
  auto& place = hint(key);
  const auto word = place.word.load(std::memory_order_acquire);
  if (word == 0 || word >> 32 << 32 != tag_of(key)) return false;
  const auto told = word & 0xFFFFFFFF;
  const auto now = second_of(when);
  // Whole seconds that differ by less than the window's are nearer to each other than the window.
  if (now < told || now - told >= window_seconds_) return false;
  place.folded.fetch_add(1, std::memory_order_relaxed);
  hold_back(1);
  return true;
}

void AlertWindow::publish(const Digest128& key, Time when) {
  auto& place = hint(key);
  auto& owner = owners_[key.low % keys_most];
  if (owner != key) {
    const auto folded = place.folded.exchange(0, std::memory_order_relaxed);
    if (const auto before = told_.find(owner); before != told_.end()) before->second.folded += folded;
    owner = key;
  }
  place.word.store(tag_of(key) | second_of(when), std::memory_order_release);
}

void AlertWindow::decide(Alert alert, AlertSink& out) {
  if (alert.carried == nullptr || window_ <= Duration{0}) return out.raise(std::move(alert));
  const auto key = static_cast<const HitKey*>(alert.carried.get())->key;
  const auto [place, fresh] = told_.try_emplace(key);
  auto& told = place->second;
  const auto apart = alert.time > told.last ? alert.time - told.last : told.last - alert.time;
  if (!fresh && apart < window_) {
    told.folded += alert.count;
    return hold_back(alert.count);
  }
  if (owners_[key.low % keys_most] == key) told.folded += hint(key).folded.exchange(0, std::memory_order_relaxed);
  alert.count += std::exchange(told.folded, 0);
  told.last = alert.time;
  publish(key, alert.time);
  if (fresh) {
    order_.push_back(key);
    if (order_.size() > keys_most) {
      told_.erase(order_.front());
      order_.pop_front();
    }
  }
  out.raise(std::move(alert));
}

std::string AlertWindow::save() const {
  std::string out = fmt::format("held {}\n", held_back());
  for (const auto& key : order_) {
    const auto found = told_.find(key);
    if (found == told_.end()) continue;
    const bool hinted = owners_[key.low % keys_most] == key;
    const auto folded = found->second.folded + (hinted ? hint(key).folded.load(std::memory_order_relaxed) : 0);
    out += fmt::format("{} {} {}\n", render_digest(key), found->second.last.time_since_epoch().count(), folded);
  }
  return out;
}

Result<void> AlertWindow::restore(std::string_view saved) {
  for (const auto line : split(saved, '\n')) {
    const auto parts = split(line, ' ');
    if (parts.size() == 2 && parts[0] == "held")
      held_back_.fetch_add(parse_unsigned(parts[1]).value_or(0), std::memory_order_relaxed);
    if (parts.size() != 3 || order_.size() >= keys_most) continue;
    const auto key = parse_digest128(parts[0]);
    const auto last = parse_signed(parts[1]);
    const auto folded = parse_unsigned(parts[2]);
    if (!key || !last || !folded) continue;
    const Time when{Duration{*last}};
    if (!told_.try_emplace(*key, Told{when, *folded}).second) continue;
    order_.push_back(*key);
    publish(*key, when);
  }
  return {};
}

}  // namespace tocsin::rules::indicator
