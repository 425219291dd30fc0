// Transactions of an SMB connection.

#include "collectors/packet/protocol/smb/session.h"

#include <algorithm>

#include "collectors/packet/protocol/smb/command.h"

namespace tocsin::collectors {

namespace {
constexpr std::size_t trees_most = 256, names_most = 1'024, reads_most = 512, parts_most = 32;
}

SmbSession::SmbSession(const SmbOptions& options, const SmbFields& fields)
    : options_(options),
      fields_(fields),
      agreement_(std::make_shared<SmbAgreement>()),
      trees_(trees_most),
      names_(names_most),
      reads_(reads_most),
      pipe_files_(reads_most),
      pipe_parts_(parts_most) {}

void SmbSession::message(Direction direction, const SmbHeader& header, Bytes bytes, ParserOutput& output) {
  const bool request = direction == Direction::to_server;
  if (header.version == 3) return;  // encrypted: there is nothing to see
  if (header.response == request) {
    raise(request ? PacketEvent::smb_response_to_server : PacketEvent::smb_request_to_client, output);
    return;
  }
  if (header.version == 1) {
    if (request) request1(header, bytes, output);
    else response1(header, bytes, output);
  } else {
    if (request) request2(header, bytes, output);
    else response2(header, bytes, output);
  }
}

SmbTransaction& SmbSession::open(const SmbHeader& header, std::uint16_t command, ParserOutput& output) {
  const bool full = open_.size() >= options_.transactions_most;
  if (full) {
    open_.front()->events.set(static_cast<std::size_t>(PacketEvent::smb_too_many_transactions));
    close(0, output);
  }
  auto& fresh = *open_.emplace_back(std::make_unique<SmbTransaction>(fields_, agreement_));
  fresh.number = transactions_++;
  fresh.version = header.version;
  fresh.command = command;
  fresh.session = header.session;
  fresh.tree = header.tree;
  fresh.message = header.message;
  return fresh;
}

SmbTransaction* SmbSession::find(std::uint16_t command, std::uint64_t message) noexcept {
  for (auto& each : open_) {
    const bool carrier = each->as<SmbFile>() != nullptr || each->as<DcerpcCall>() != nullptr;
    if (!carrier && each->command == command && each->message == message && !each->done[1]) return each.get();
  }
  return nullptr;
}

void SmbSession::moved(SmbTransaction& transaction, Direction direction, ParserOutput& output) {
  output.progressed(transaction, direction);
  if (!transaction.done[0] || !transaction.done[1]) return;
  const auto found =
      std::ranges::find(open_, &transaction, [](const std::unique_ptr<SmbTransaction>& each) { return each.get(); });
  if (found != open_.end()) close(static_cast<std::size_t>(found - open_.begin()), output);
}

void SmbSession::answer(SmbTransaction& transaction, const SmbHeader& header, ParserOutput& output) {
  transaction.set_status(header);
  transaction.done = {true, header.status != smb_status::pending};
  moved(transaction, Direction::to_client, output);
}

void SmbSession::close(std::size_t at, ParserOutput& output) {
  auto done = std::move(open_[at]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
  for (auto& stream : stream_)
    if (stream.transaction == done.get()) stream = {};
  end_file(*done, true, output);
  done->done = {true, true};
  output.finished(std::move(done));
}

void SmbSession::raise(PacketEvent event, ParserOutput& output) {
  if (open_.empty()) output.event(event);
  else open_.back()->events.set(static_cast<std::size_t>(event));
}

void SmbSession::logon_request(SmbLogon& logon, SmbTransaction& transaction, Bytes blob) {
  auto found = find_ntlm(blob);
  if (found.malformed) transaction.events.set(static_cast<std::size_t>(PacketEvent::smb_malformed_ntlmssp_request));
  if (found.logon) logon.ntlm = std::move(found.logon);
  else if (!found.present) logon.kerberos = find_kerberos(blob);
}

void SmbSession::finish(ParserOutput& output) {
  while (!open_.empty()) close(0, output);
}

}  // namespace tocsin::collectors
