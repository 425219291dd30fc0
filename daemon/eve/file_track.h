#pragma once
// One file on its way through a flow, as EVE shows it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/digest.h"
#include "collectors/base/file_magic.h"
#include "collectors/base/json.h"
#include "collectors/packet/observer.h"
#include "daemon/eve/options.h"

namespace tocsin::daemon {

struct KeptFile {
  std::string digest;  // SHA-256
  std::vector<std::uint8_t> bytes;
};

class FileTrack {
 public:
  FileTrack(const collectors::FileChunk& first, const EveFileOptions& options);
  // `magic` says what kind it is, where records are to tell.
  void add(const collectors::FileChunk& chunk, FileMagic& magic);
  // Members of the `fileinfo` object, or of one of an alert's `files`.
  void describe(JsonWriter& json) const;

  std::uint32_t id() const noexcept { return id_; }
  collectors::Direction direction() const noexcept { return direction_; }
  std::optional<std::uint64_t> transaction() const noexcept { return transaction_; }
  bool ended() const noexcept { return ended_; }
  bool wanted() const noexcept { return wanted_; }
  bool whole() const noexcept { return ended_ && !truncated_ && !gaps_; }
  // Which bytes of a larger file these are, by Content-Range; size 0: not said.
  struct Range {
    std::uint64_t first, last, size;
  };
  const std::optional<Range>& range() const noexcept { return range_; }
  // Asked for by this rule, or by the configuration.
  void want(std::optional<std::uint32_t> rule);
  // Once the file has ended and is wanted: its bytes and digest, once. They are marked as kept from then on.
  std::optional<KeptFile> take();

 private:
  void end(const collectors::FileChunk& chunk, bool truncated);

  std::uint32_t id_;
  collectors::Direction direction_;
  std::optional<std::uint64_t> transaction_;
  std::string name_;
  std::uint64_t size_ = 0;
  bool gaps_ = false;
  bool ended_ = false;
  bool truncated_ = false;
  bool wanted_ = false;
  bool cut_ = false;  // at the limit of what is stored
  std::optional<Range> range_;
  bool kept_ = false;
  std::uint64_t kept_most_ = 0;  // 0: bytes are not kept
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint32_t> rules_;
  bool magic_wanted_;
  std::vector<std::uint8_t> head_;  // until its kind is known
  std::string magic_text_;
  std::optional<DigestStream> md5_, sha1_, sha256_;
  std::string md5_text_, sha1_text_, sha256_text_;
};

}  // namespace tocsin::daemon
