// rooms: opener
// Datagrams between tocsind and the opener: whatever arrives is decoded or refused, and what is decoded encodes to the
// same bytes.
#include <cstdlib>

#include "collectors/opener/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const Bytes bytes(data, size);
  if (const auto request = collectors::decode_request(bytes))
    if (collectors::encode_request(*request) != as_text(bytes)) std::abort();
  if (const auto reply = collectors::decode_reply(bytes))
    if (!reply->error && collectors::encode_reply(*reply) != as_text(bytes)) std::abort();
  return 0;
}
