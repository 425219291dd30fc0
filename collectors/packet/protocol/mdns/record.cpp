// ECS fields of a message of multicast DNS.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/mdns/transaction.h"

namespace tocsin::collectors {

void MdnsTransaction::fill(EventBuilder& builder) const {
  builder.set(field::dns_type, message_.is_response() ? "answer" : "query");
  if (!message_.questions.empty()) builder.set(field::dns_question_name, message_.questions.front().name);
}

}  // namespace tocsin::collectors
