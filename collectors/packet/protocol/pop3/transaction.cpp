#include "collectors/packet/protocol/pop3/transaction.h"

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/pop3/buffers.h"

namespace tocsin::collectors {

Pop3Fields::Pop3Fields(FieldNames& names)
    : command(names.intern("pop3.request.command")),
      arguments(names.intern("pop3.request.args")),
      status(names.intern("pop3.response.status")) {}

bool Pop3Transaction::complete(Direction) const { return step >= pop3_progress::answered; }

bool Pop3Transaction::has_many_lines() const noexcept {
  if (command == "CAPA" || command == "TOP" || command == "RETR") return true;
  return arguments.empty() && (command == "LIST" || command == "UIDL" || command == "AUTH");
}

std::optional<Bytes> Pop3Transaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != Direction::to_client || index >= files.size()) return std::nullopt;
  if (buffer == Buffer::file_data) return Bytes(files[index].data);
  if (buffer == Buffer::file_name) return as_bytes(files[index].name);
  return std::nullopt;
}

void Pop3Transaction::fill(EventBuilder& builder) const {
  if (!command.empty()) builder.set(fields_.command, command);
  // Passwords do not get into the store.
  const bool secret = command == "PASS" || command == "APOP" || command == "AUTH";
  const std::vector<std::string_view> views(arguments.begin(), arguments.end());
  if (!views.empty() && !secret) builder.set_list(fields_.arguments, views);
  if (answered) builder.set(fields_.status, success ? "OK" : "ERR");
  if (mail == nullptr) return;
  const auto set = [&](Field field, std::string_view name) {
    if (const auto* found = mail->find(name); found != nullptr && !found->value.empty())
      builder.set(field, found->value);
  };
  set(field::email_from_address, "From");
  set(field::email_to_address, "To");
  set(field::email_subject, "Subject");
  if (!files.empty()) builder.set(field::file_name, files.front().name);
}

}  // namespace tocsin::collectors
