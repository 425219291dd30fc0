#pragma once
// Bounded queue between threads. What happens when it is full is the sender's choice: wait (durable sources) or
// drop and count (volatile sources).

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "collectors/base/assert.h"
#include "collectors/base/time.h"

namespace tocsin {

// Any number of senders and receivers.
template <class T>
class Channel {
 public:
  explicit Channel(std::size_t capacity) : capacity_(capacity) { TOCSIN_ASSERT(capacity > 0); }

  // Waits for room. False when the channel was closed: the item was not taken.
  bool send(T item) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    ++sent_;
    lock.unlock();
    not_empty_.notify_one();
    return true;
  }

  // Never waits. False when full (counted) or closed: `item` is left as it was.
  bool try_send(T& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      if (items_.size() >= capacity_) {
        ++refused_;
        return false;
      }
      items_.push_back(std::move(item));
      ++sent_;
    }
    not_empty_.notify_one();
    return true;
  }

  // Waits for an item; nothing once closed and drained.
  std::optional<T> receive() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  // Nothing after `patience` too.
  std::optional<T> receive_for(Duration patience) {
    std::unique_lock lock(mutex_);
    not_empty_.wait_for(lock, patience, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  // No more sends; what is inside can still be received.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  std::size_t capacity() const noexcept { return capacity_; }
  std::uint64_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    not_full_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<T> items_;
  bool closed_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace tocsin
