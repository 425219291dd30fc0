// rooms: action
// Questions of any bytes: an answer repeats its question, says "refused" and holds no record.
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "responders/action/network_sinkhole/answer.h"

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto query = as_text({data, size});
  const auto answer = responders::sinkhole_answer(query);
  if (!answer) return 0;
  const std::string& message = answer->message;
  if (message.size() > query.size() || message.size() > 12 + 255 + 4) std::abort();
  if (message.substr(0, 2) != query.substr(0, 2) || message.substr(12) != query.substr(12, message.size() - 12))
    std::abort();
  if ((message[2] & 0x80) == 0 || (message[3] & 0x0f) != 5) std::abort();
  if (message.substr(6, 6) != std::string(6, '\0')) std::abort();
  // An answer is no question: two of us would not talk for ever.
  if (responders::sinkhole_answer(message)) std::abort();
  return 0;
}
