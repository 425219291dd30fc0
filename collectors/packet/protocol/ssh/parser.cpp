#include "collectors/packet/protocol/ssh/parser.h"

#include <algorithm>

#include "collectors/base/release.h"
#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/ssh/buffers.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t line_most = 256;  // RFC 4253 allows 255 with the line's end
constexpr std::size_t header_size = 6;  // length, padding length, message number

namespace message_number {
constexpr std::uint8_t kexinit = 20, newkeys = 21;
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_ssh_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<SshParser>(std::cref(options.ssh), SshFields(names));
}

Probe probe_ssh(const ProbeInput& input) {
  static constexpr std::string_view mark = "SSH-";
  const std::string_view text = as_text(input.bytes);
  const std::size_t count = std::min(text.size(), mark.size());
  if (text.substr(0, count) != mark.substr(0, count)) return Probe::no;
  if (count < mark.size()) return Probe::more;
  // Both sides begin alike; only the ports can tell which one this is.
  const bool server = input.client_port == ssh_ports[0] && input.server_port != ssh_ports[0];
  return input.beginning_unseen && server ? Probe::reversed : Probe::yes;
}

SshParser::SshParser(const SshOptions& options, const SshFields& fields)
    : options_(options), transaction_(std::make_unique<SshTransaction>(fields)) {}

ParserState SshParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (transaction_ == nullptr) return ParserState::failed;
  Side& side = side_[index(direction)];
  bool good = true;
  if (side.step == Step::banner || side.step == Step::line_end) good = banner(direction, bytes, output);
  if (good && side.step == Step::packets) good = packets(direction, bytes, output);
  if (!good) {
    output.progressed(*transaction_, direction);
    return ParserState::failed;
  }
  const bool both = transaction_->complete(Direction::to_server) && transaction_->complete(Direction::to_client);
  return both && options_.stop_when_encrypted ? ParserState::done : ParserState::more;
}

// Takes the version line off the front of `bytes`. False: it is none.
bool SshParser::banner(Direction direction, Bytes& bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  while (!bytes.empty()) {
    const auto byte = bytes.front();
    const bool after_return = !side.kept.empty() && side.kept.back() == '\r';
    if (byte != '\n' && after_return) {
      // A return alone ends the line as well.
    } else {
      bytes = bytes.subspan(1);
      if (byte != '\n') {
        if (side.step == Step::banner || byte == '\r') side.kept.push_back(byte);
        if (side.step != Step::banner || side.kept.size() < line_most) continue;
        raise(PacketEvent::ssh_long_banner);
        if (!set_banner(direction, as_text(side.kept), output)) return false;
        const bool ends = side.kept.back() == '\r';
        side.kept.clear();
        if (ends) side.kept.push_back('\r');
        if (side.step == Step::banner) side.step = Step::line_end;
        continue;
      }
    }
    if (side.step == Step::banner) {
      if (after_return) side.kept.pop_back();
      if (!set_banner(direction, as_text(side.kept), output)) return false;
    }
    side.kept.clear();
    if (side.step != Step::unreadable) side.step = Step::packets;
    return true;
  }
  return true;
}

bool SshParser::set_banner(Direction direction, std::string_view line, ParserOutput& output) {
  const auto parsed = parse_ssh_banner(line);
  if (!parsed) {
    raise(PacketEvent::ssh_invalid_banner);
    return false;
  }
  // Version 1 has packets of another form; 1.99 is a server of version 2 that speaks both.
  if (parsed->protocol.starts_with("1.") && parsed->protocol != "1.99") side_[index(direction)].step = Step::unreadable;
  transaction_->set_banner(direction, *parsed);
  output.progressed(*transaction_, direction);
  return true;
}

bool SshParser::packets(Direction direction, Bytes bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  const auto take = [&](std::size_t count) {
    count = std::min(count, bytes.size());
    const Bytes taken = bytes.first(count);
    bytes = bytes.subspan(count);
    return taken;
  };
  while (!bytes.empty() && side.step == Step::packets) {
    if (side.left != 0) {
      side.left -= take(side.left).size();
      continue;
    }
    const Bytes part = take((side.wanted != 0 ? side.wanted : header_size) - side.kept.size());
    side.kept.insert(side.kept.end(), part.begin(), part.end());
    if (side.wanted != 0) {
      if (side.kept.size() == side.wanted) algorithms(direction, output);
    } else if (side.kept.size() == header_size) {
      if (!packet_begins(direction, output)) return false;
    }
  }
  return true;
}

bool SshParser::packet_begins(Direction direction, ParserOutput& output) {
  Side& side = side_[index(direction)];
  ByteReader reader(side.kept);
  const std::size_t length = reader.u32();  // of all that follows it
  reader.skip(1);
  const std::uint8_t number = reader.u8();
  side.kept.clear();
  if (length < 2) {
    raise(PacketEvent::ssh_invalid_record);
    return false;
  }
  const std::size_t rest = length - 2;
  if (number == message_number::kexinit && transaction_->progress(direction) < ssh_progress::algorithms) {
    if (rest > options_.kexinit_most) raise(PacketEvent::ssh_long_kex_record);
    else side.wanted = rest;
    if (side.wanted == 0) side.left = rest;
    return true;
  }
  side.left = rest;
  if (number != message_number::newkeys) return true;
  side.step = Step::unreadable;  // from the next packet on; this one is empty
  transaction_->set_keys(direction);
  output.progressed(*transaction_, direction);
  return true;
}

void SshParser::algorithms(Direction direction, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (const auto parsed = parse_ssh_algorithms(side.kept)) {
    transaction_->set_algorithms(direction, *parsed);
    output.progressed(*transaction_, direction);
  }
  release_memory(side.kept);
  side.wanted = 0;
}

ParserState SshParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput&) {
  Side& side = side_[index(direction)];
  if (side.step == Step::unreadable) return ParserState::more;
  if (side.step == Step::packets && count <= side.left) {
    side.left -= count;
    return ParserState::more;
  }
  // Where the next packet begins cannot be told; the other side may still be read.
  side.step = Step::unreadable;
  release_memory(side.kept);
  return ParserState::more;
}

void SshParser::finish(ParserOutput& output) {
  if (transaction_ != nullptr) output.finished(std::move(transaction_));
}

}  // namespace tocsin::collectors
