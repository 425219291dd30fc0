// ECS fields of an SSH connection. ECS has none of its own for SSH; these are named after Suricata's.

#include "collectors/packet/protocol/ssh/transaction.h"

namespace tocsin::collectors {

SshFields::SshFields(FieldNames& names)
    : version{names.intern("ssh.client.proto_version"), names.intern("ssh.server.proto_version")},
      software{names.intern("ssh.client.software_version"), names.intern("ssh.server.software_version")},
      hassh{names.intern("ssh.client.hassh"), names.intern("ssh.server.hassh")} {}

void SshTransaction::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, const std::string& value) {
    if (!value.empty()) builder.set(field, value);
  };
  for (std::size_t i = 0; i < side_.size(); ++i) {
    text(fields_.version[i], side_[i].protocol);
    text(fields_.software[i], side_[i].software);
    text(fields_.hassh[i], side_[i].hassh);
  }
}

}  // namespace tocsin::collectors
