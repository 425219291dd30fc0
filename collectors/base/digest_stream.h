#pragma once
// Digests of what comes in pieces, of a kind chosen at run time: files that protocols carry. Movable, one owner.

#include <cstdint>
#include <memory>
#include <string>

#include "collectors/base/bytes.h"

namespace tocsin {

enum class DigestKind : std::uint8_t { md5, sha1, sha256 };

class DigestStream {
 public:
  explicit DigestStream(DigestKind kind);
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;

  void update(Bytes bytes);
  std::string finish();  // once; lower-case hex

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin
