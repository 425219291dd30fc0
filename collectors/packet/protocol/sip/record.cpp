// ECS fields of a SIP message.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/sip/transaction.h"

namespace tocsin::collectors {

SipFields::SipFields(FieldNames& names)
    : method(names.intern("sip.method")),
      uri(names.intern("sip.uri")),
      code(names.intern("sip.code")),
      from(names.intern("sip.from")),
      to(names.intern("sip.to")),
      user_agent(names.intern("sip.user_agent")) {}

void SipTransaction::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, const std::string* value) {
    if (value != nullptr && !value->empty()) builder.set(field, *value);
  };
  text(fields_.method, &message_.method);
  text(fields_.uri, &message_.uri);
  text(fields_.code, &message_.code);
  text(fields_.from, message_.find("from"));
  text(fields_.to, message_.find("to"));
  text(fields_.user_agent, message_.find("user-agent"));
}

}  // namespace tocsin::collectors
