#include "collectors/packet/protocol/ldap/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/der.h"
#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

namespace {

constexpr std::string_view start_tls = "1.3.6.1.4.1.1466.20037";

void raise(Transaction& transaction, PacketEvent event) { transaction.events.set(static_cast<std::size_t>(event)); }

}  // namespace

std::unique_ptr<ProtocolFactory> make_ldap_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<LdapParser>(std::cref(options.ldap), LdapFields(names));
}

Probe probe_ldap(const ProbeInput& input) {
  if (input.bytes.empty() || input.bytes[0] != 0x30) return Probe::no;
  if (input.stream && input.bytes.size() < 12 && der_size(input.bytes)) {
    const auto size = der_size(input.bytes);
    if (input.bytes.size() < size->header + size->content && !peek_ldap(input.bytes)) return Probe::more;
  }
  const auto head = peek_ldap(input.bytes);
  if (!head) return Probe::no;
  if (!input.stream && !parse_ldap(input.bytes)) return Probe::no;
  if (ldap_is_request(head->operation) == (input.direction == Direction::to_server)) return Probe::yes;
  return input.beginning_unseen ? Probe::reversed : Probe::no;
}

ParserState LdapParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& kept = kept_[index(direction)];
  if (kept.size() + bytes.size() > options_.message_most + (64U << 10)) return ParserState::failed;
  kept.insert(kept.end(), bytes.begin(), bytes.end());
  std::size_t done = 0;
  ParserState state = ParserState::more;
  while (kept.size() - done >= 2) {
    const Bytes rest = Bytes(kept).subspan(done);
    const auto size = der_size(rest);
    if (!size && rest.size() < 6) break;
    const bool good = rest[0] == 0x30 && size && size->content <= options_.message_most;
    if (!good) {
      output.event(PacketEvent::ldap_invalid_data);
      return ParserState::failed;
    }
    const std::size_t whole = size->header + size->content;
    if (rest.size() < whole) break;
    if (auto message = parse_ldap(rest.first(whole))) {
      if (ldap_is_request(message->operation)) request(std::move(*message), output);
      else response(std::move(*message), output);
    } else {
      output.event(PacketEvent::ldap_invalid_data);
    }
    done += whole;
    if (!encryption_) continue;
    state = ParserState::restart;
    break;
  }
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(done));
  return state;
}

LdapParser::Held LdapParser::begin() {
  auto transaction = std::make_unique<LdapTransaction>(fields_);
  transaction->number = transactions_++;
  return transaction;
}

void LdapParser::request(LdapMessage message, ParserOutput& output) {
  const bool answered =
      message.operation != LdapOperation::unbind_request && message.operation != LdapOperation::abandon_request;
  if (open_.size() >= options_.transactions_most) {
    raise(*open_.front(), PacketEvent::ldap_too_many_transactions);
    close(0, output);
  }
  open_.push_back(begin());
  open_.back()->request = std::move(message);
  open_.back()->done = !answered;
  output.progressed(*open_.back(), Direction::to_server);
  if (!answered) close(open_.size() - 1, output);
}

void LdapParser::response(LdapMessage message, ParserOutput& output) {
  const bool last = !ldap_is_partial(message.operation);
  auto found = std::ranges::find_if(open_, [&](const Held& held) { return held->request->id == message.id; });
  if (found == open_.end()) {
    auto alone = begin();
    // A server may tell everybody that it goes away.
    if (message.id != 0 || message.operation != LdapOperation::extended_response)
      raise(*alone, PacketEvent::ldap_request_not_found);
    alone->responses.push_back(std::move(message));
    alone->done = true;
    output.progressed(*alone, Direction::to_client);
    output.finished(std::move(alone));
    return;
  }
  LdapTransaction& asked = **found;
  const bool agreed = message.result && message.result->code == 0;
  if (asked.request->operation == LdapOperation::extended_request && asked.request->object == start_tls && agreed)
    encryption_ = true;
  if (last || asked.responses.size() < options_.responses_most) asked.responses.push_back(std::move(message));
  asked.done = last;
  output.progressed(asked, Direction::to_client);
  if (last) close(static_cast<std::size_t>(found - open_.begin()), output);
}

void LdapParser::close(std::size_t at, ParserOutput& output) {
  Held held = std::move(open_[at]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  held->done = true;
  output.finished(std::move(held));
}

void LdapParser::end(Direction direction, Time, ParserOutput& output) {
  if (!kept_[index(direction)].empty()) output.event(PacketEvent::ldap_incomplete_data);
}

void LdapParser::finish(ParserOutput& output) {
  while (!open_.empty()) close(0, output);
}

}  // namespace tocsin::collectors
