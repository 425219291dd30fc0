#include "rules/sigma/correlate/entries.h"

#include <algorithm>

namespace tocsin::rules::sigma {

void Entries::grow() {
  std::vector<Occurrence> larger(std::max<std::size_t>(2, ring_.size() * 2));
  for (std::size_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
  ring_ = std::move(larger);
  first_ = 0;
}

void Entries::insert(const Occurrence& occurrence) {
  if (size_ == ring_.size()) grow();
  std::size_t place = size_++;
  for (; place > 0 && (*this)[place - 1].time > occurrence.time; --place)
    ring_[(first_ + place) & mask()] = (*this)[place - 1];
  ring_[(first_ + place) & mask()] = occurrence;
}

void Entries::pop_front() noexcept {
  first_ = static_cast<std::uint32_t>((first_ + 1) & mask());
  --size_;
}

void Entries::clear() noexcept {
  first_ = 0;
  size_ = 0;
}

void ValueCounts::add(const Digest128& value) {
  if (table_) {
    ++(*table_)[value];
    return;
  }
  const auto found = std::ranges::find(list_, value, &std::pair<Digest128, std::uint32_t>::first);
  if (found != list_.end()) {
    ++found->second;
  } else if (list_.size() < few) {
    list_.emplace_back(value, 1);
  } else {
    table_ = std::make_unique<std::unordered_map<Digest128, std::uint32_t>>(list_.begin(), list_.end());
    list_ = {};
    ++(*table_)[value];
  }
}

void ValueCounts::remove(const Digest128& value) {
  if (table_) {
    if (const auto found = table_->find(value); found != table_->end() && --found->second == 0) table_->erase(found);
    return;
  }
  const auto found = std::ranges::find(list_, value, &std::pair<Digest128, std::uint32_t>::first);
  if (found == list_.end() || --found->second != 0) return;
  *found = list_.back();
  list_.pop_back();
}

void ValueCounts::clear() noexcept {
  list_.clear();
  table_.reset();
}

}  // namespace tocsin::rules::sigma
