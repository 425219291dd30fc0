#include "collectors/base/file_magic.h"

#include <magic.h>

#include <algorithm>
#include <utility>

namespace tocsin {

namespace {

constexpr std::size_t looked_at_most = 64U << 10;

}  // namespace

void FileMagic::Closer::operator()(void* cookie) const { magic_close(static_cast<magic_t>(cookie)); }

FileMagic::FileMagic() = default;
FileMagic::~FileMagic() = default;
FileMagic::FileMagic(FileMagic&&) noexcept = default;
FileMagic& FileMagic::operator=(FileMagic&&) noexcept = default;

std::string FileMagic::describe(Bytes bytes) {
  if (!std::exchange(tried_, true)) {
    cookie_.reset(magic_open(MAGIC_NO_CHECK_COMPRESS));
    if (cookie_ != nullptr && magic_load(static_cast<magic_t>(cookie_.get()), nullptr) != 0) cookie_.reset();
  }
  if (cookie_ == nullptr) return {};
  const char* text =
      magic_buffer(static_cast<magic_t>(cookie_.get()), bytes.data(), std::min(bytes.size(), looked_at_most));
  return text == nullptr ? std::string{} : std::string(text);
}

}  // namespace tocsin
