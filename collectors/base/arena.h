#pragma once
// Bump memory for one batch: many small allocations, one release. Not thread-safe; one owner.

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tocsin {

class Arena {
 public:
  static constexpr std::size_t block_size = 64 * 1024;

  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  void* allocate(std::size_t size, std::size_t alignment) {
    std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (current_ >= blocks_.size() || start + size > blocks_[current_].size) {
      next_block(size + alignment);
      start = 0;
    }
    used_ = start + size;
    return blocks_[current_].memory.get() + start;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    auto* place = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  template <class T>
  std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    auto* place = static_cast<T*>(allocate(items.size_bytes(), alignof(T)));
    std::memcpy(static_cast<void*>(place), items.data(), items.size_bytes());
    return {place, items.size()};
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    auto* place = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_value_construct_n(place, count);
    return {place, count};
  }

  // Everything handed out is gone; the blocks stay for the next batch.
  void clear() noexcept {
    current_ = 0;
    used_ = 0;
  }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };

  void next_block(std::size_t least) {
    if (current_ < blocks_.size()) ++current_;
    while (current_ < blocks_.size() && blocks_[current_].size < least) ++current_;
    if (current_ >= blocks_.size()) {
      const std::size_t size = least > block_size ? least : block_size;
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
      capacity_ += size;
      current_ = blocks_.size() - 1;
    }
    used_ = 0;
  }

  std::vector<Block> blocks_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tocsin
