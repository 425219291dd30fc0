#include "collectors/packet/protocol/dcerpc/transaction.h"

#include "collectors/packet/protocol/dcerpc/buffers.h"

namespace tocsin::collectors {

std::uint8_t DcerpcTransaction::progress(Direction direction) const {
  if (complete(direction)) return dcerpc_progress::complete;
  const bool begun = direction == Direction::to_server ? call.has_request : call.has_response;
  return begun ? dcerpc_progress::begun : 0;
}

}  // namespace tocsin::collectors
