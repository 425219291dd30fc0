#include "collectors/event/field.h"

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "collectors/base/assert.h"
#include "collectors/event/field_table.h"

namespace tocsin {

struct Interner::State {
  explicit State(std::size_t limit) : texts(std::make_unique<std::string[]>(limit + 1)), most(limit) {}
  mutable std::shared_mutex mutex;
  std::unordered_map<std::string_view, std::uint16_t> ids;
  std::unique_ptr<std::string[]> texts;  // never moved: `name` reads without the lock
  std::size_t most;
  std::atomic<std::size_t> count{0};
  std::atomic<std::uint64_t> refused{0};
};

Interner::Interner(std::size_t most) : state_(std::make_unique<State>(most)) { TOCSIN_ASSERT(most < 0xFFFF); }
Interner::~Interner() = default;

std::uint16_t Interner::find(std::string_view name) const {
  const std::shared_lock lock(state_->mutex);
  const auto found = state_->ids.find(name);
  return found == state_->ids.end() ? std::uint16_t{0} : found->second;
}

std::uint16_t Interner::intern(std::string_view name) {
  if (const auto id = find(name); id != 0) return id;
  const std::unique_lock lock(state_->mutex);
  if (const auto found = state_->ids.find(name); found != state_->ids.end()) return found->second;
  const auto count = state_->count.load(std::memory_order_relaxed);
  if (count >= state_->most) {
    state_->refused.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  const auto id = static_cast<std::uint16_t>(count + 1);
  state_->texts[id] = name;
  state_->ids.emplace(state_->texts[id], id);
  state_->count.store(id, std::memory_order_release);
  return id;
}

std::string_view Interner::name(std::uint16_t id) const noexcept {
  return id == 0 || id > state_->count.load(std::memory_order_acquire) ? std::string_view{} : state_->texts[id];
}

std::size_t Interner::size() const noexcept { return state_->count.load(std::memory_order_acquire); }
std::uint64_t Interner::refused() const noexcept { return state_->refused.load(std::memory_order_relaxed); }

FieldNames::FieldNames() : names_(std::size(known_fields) + 16384) {
  for (const auto& row : known_fields) names_.intern(row.name);
}

std::optional<Field> FieldNames::find(std::string_view name) const {
  const auto id = names_.find(name);
  if (id == 0) return std::nullopt;
  return Field{id};
}

bool FieldNames::known(Field field) noexcept {
  const auto id = static_cast<std::uint16_t>(field);
  return id != 0 && id <= std::size(known_fields);
}

FieldType FieldNames::type(Field field) noexcept {
  return known(field) ? known_fields[static_cast<std::uint16_t>(field) - 1].type : FieldType::text;
}

}  // namespace tocsin
