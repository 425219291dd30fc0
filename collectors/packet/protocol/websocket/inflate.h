#pragma once
// The content of compressed messages (permessage-deflate, RFC 7692, section 7): each direction is one stream of raw
// DEFLATE, of which every message is a part that its sender cut an empty block from.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

class MessageInflater {
 public:
  MessageInflater();
  ~MessageInflater();
  MessageInflater(const MessageInflater&) = delete;
  MessageInflater& operator=(const MessageInflater&) = delete;

  enum class Outcome : std::uint8_t {
    whole,
    cut,     // there was more than `most`; messages that follow cannot be read
    failed,  // it is none; nothing that follows can be read either
  };
  Outcome add(Bytes message, std::size_t most, std::vector<std::uint8_t>& out);
  // A message was not seen whole: those that follow may refer to it.
  void lose() noexcept { lost_ = true; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  bool lost_ = false;
};

}  // namespace tocsin::collectors
