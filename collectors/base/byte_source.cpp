#include "collectors/base/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tocsin {

namespace {

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int descriptor, DescriptorOwner owner) : descriptor_(descriptor), owner_(owner) {}
  ~DescriptorSource() override {
    if (owner_ == DescriptorOwner::source) ::close(descriptor_);
  }
  DescriptorSource(const DescriptorSource&) = delete;
  DescriptorSource& operator=(const DescriptorSource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const auto count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return fail_errno("cannot read the input", errno);
    }
  }

 private:
  const int descriptor_;
  const DescriptorOwner owner_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : rest_(bytes) {}
  explicit MemorySource(std::vector<std::uint8_t> bytes) : own_(std::move(bytes)), rest_(own_) {}
  MemorySource(const MemorySource&) = delete;
  MemorySource& operator=(const MemorySource&) = delete;

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const auto count = std::min(into.size(), rest_.size());
    if (count != 0) std::memcpy(into.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  const std::vector<std::uint8_t> own_;
  Bytes rest_;
};

class CallbackSource final : public ByteSource {
 public:
  explicit CallbackSource(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read) : read_(std::move(read)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return read_(into); }

 private:
  std::function<Result<std::size_t>(std::span<std::uint8_t>)> read_;
};

}  // namespace

std::unique_ptr<ByteSource> source_from_descriptor(int descriptor, DescriptorOwner owner) {
  return std::make_unique<DescriptorSource>(descriptor, owner);
}
std::unique_ptr<ByteSource> source_from_memory(Bytes bytes) { return std::make_unique<MemorySource>(bytes); }
std::unique_ptr<ByteSource> source_from_copy(std::vector<std::uint8_t> bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}
std::unique_ptr<ByteSource> source_from_callback(std::function<Result<std::size_t>(std::span<std::uint8_t>)> read) {
  return std::make_unique<CallbackSource>(std::move(read));
}

}  // namespace tocsin
