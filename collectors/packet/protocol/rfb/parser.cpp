#include "collectors/packet/protocol/rfb/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/rfb/buffers.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t version_size = 12;  // "RFB 003.008\n"
namespace security {
constexpr std::uint32_t failed = 0, none = 1, vnc = 2;
}

bool is_version(std::string_view text) {
  static constexpr std::string_view shape = "RFB ddd.ddd\n";
  for (std::size_t i = 0; i < std::min(text.size(), shape.size()); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_rfb_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<RfbParser>(std::cref(options.rfb), RfbFields(names));
}

Probe probe_rfb(const ProbeInput& input) {
  if (!is_version(as_text(input.bytes))) return Probe::no;
  return input.bytes.size() < version_size ? Probe::more : Probe::yes;
}

Direction RfbParser::sender(Step step) noexcept {
  switch (step) {
    case Step::client_version:
    case Step::security_choice:
    case Step::challenge_answer:
    case Step::client_start: return Direction::to_server;
    default: return Direction::to_client;
  }
}

ParserState RfbParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (transaction_ == nullptr || step_ == Step::over) return ParserState::done;
  auto& mine = kept_[index(direction)];
  if (mine.size() + bytes.size() > options_.text_most + (64U << 10)) return ParserState::failed;
  mine.insert(mine.end(), bytes.begin(), bytes.end());
  // What one side says may let the other's earlier bytes be understood.
  while (step_ != Step::over) {
    const Direction turn = sender(step_);
    auto& kept = kept_[index(turn)];
    ByteReader reader(kept);
    const Taken taken = kept.empty() ? Taken::more : take(reader);
    if (taken == Taken::more) return ParserState::more;
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(reader.position()));
    if (taken == Taken::bad) stop(PacketEvent::rfb_malformed_message);
    if (step_ == Step::over) transaction_->done = true;
    output.progressed(*transaction_, turn);
    if (taken == Taken::bad) return ParserState::failed;
  }
  return ParserState::done;
}

RfbParser::Taken RfbParser::take(ByteReader& reader) {
  RfbTransaction& open = *transaction_;
  const auto sixteen = [&](std::optional<std::array<std::uint8_t, 16>>& out, Step next) {
    if (reader.remaining() < 16) return Taken::more;
    std::ranges::copy(reader.take(16), out.emplace().begin());
    step_ = next;
    return Taken::good;
  };
  switch (step_) {
    case Step::server_version:
    case Step::client_version: return take_version(reader);
    case Step::security_offer: return take_offer(reader);
    case Step::security_choice: choose(reader.u8()); return Taken::good;
    case Step::challenge: return sixteen(open.challenge, Step::challenge_answer);
    case Step::challenge_answer: return sixteen(open.response, Step::outcome);
    case Step::outcome: return take_outcome(reader);
    case Step::failure: return take_failure(reader);
    case Step::client_start:
      open.shared = reader.u8() != 0;
      open.steps[0] = rfb_progress::ready;
      step_ = Step::server_start;
      return Taken::good;
    case Step::server_start: return take_screen(reader);
    case Step::over: break;
  }
  return Taken::bad;
}

RfbParser::Taken RfbParser::take_version(ByteReader& reader) {
  if (reader.remaining() < version_size) return is_version(as_text(reader.rest())) ? Taken::more : Taken::bad;
  const std::string_view text = as_text(reader.take(version_size));
  if (!is_version(text)) return Taken::bad;
  const RfbVersion version{std::string(text.substr(4, 3)), std::string(text.substr(8, 3))};
  const bool server = step_ == Step::server_version;
  (server ? transaction_->server_version : transaction_->client_version) = version;
  transaction_->steps[server ? 1 : 0] = rfb_progress::version;
  step_ = server ? Step::client_version : Step::security_offer;
  return Taken::good;
}

RfbParser::Taken RfbParser::take_offer(ByteReader& reader) {
  if (transaction_->client_version->minor == "003") {  // the server decides
    if (reader.remaining() < 4) return Taken::more;
    choose(reader.u32());
    return Taken::good;
  }
  const std::size_t count = reader.rest()[0];
  if (reader.remaining() < 1 + count) return Taken::more;
  reader.skip(1 + count);
  transaction_->steps[1] = rfb_progress::security;
  step_ = count == 0 ? Step::failure : Step::security_choice;
  return Taken::good;
}

void RfbParser::choose(std::uint32_t type) {
  RfbTransaction& open = *transaction_;
  open.security_type = type;
  open.steps[0] = open.steps[1] = rfb_progress::security;
  const bool newest = open.client_version->minor != "003" && open.client_version->minor != "007";
  switch (type) {
    case security::failed: step_ = Step::failure; return;
    case security::none: step_ = newest ? Step::outcome : Step::client_start; return;
    case security::vnc: step_ = Step::challenge; return;
    default: stop(PacketEvent::rfb_unimplemented_security_type);
  }
}

RfbParser::Taken RfbParser::take_outcome(ByteReader& reader) {
  if (reader.remaining() < 4) return Taken::more;
  RfbTransaction& open = *transaction_;
  open.security_result = reader.u32();
  open.steps[1] = rfb_progress::outcome;
  switch (*open.security_result) {
    case 0: step_ = Step::client_start; break;
    case 1:
    case 2: {
      const bool told = open.client_version->minor != "003" && open.client_version->minor != "007";
      step_ = told ? Step::failure : Step::over;
      break;
    }
    default: stop(PacketEvent::rfb_unknown_security_result);
  }
  return Taken::good;
}

RfbParser::Taken RfbParser::take_failure(ByteReader& reader) {
  if (reader.remaining() < 4) return Taken::more;
  const std::uint32_t size = ByteReader(reader.rest()).u32();
  if (size > options_.text_most) return Taken::bad;
  if (reader.remaining() < 4 + std::size_t{size}) return Taken::more;
  reader.skip(4);
  transaction_->failure = as_text(reader.take(size));
  step_ = Step::over;
  return Taken::good;
}

RfbParser::Taken RfbParser::take_screen(ByteReader& reader) {
  static constexpr std::size_t fixed = 24;
  if (reader.remaining() < fixed) return Taken::more;
  ByteReader ahead(reader.rest());
  RfbScreen screen;
  screen.width = ahead.u16();
  screen.height = ahead.u16();
  auto& format = screen.format;
  format.bits_per_pixel = ahead.u8();
  format.depth = ahead.u8();
  format.big_endian = ahead.u8() != 0;
  format.true_color = ahead.u8() != 0;
  format.red_max = ahead.u16();
  format.green_max = ahead.u16();
  format.blue_max = ahead.u16();
  format.red_shift = ahead.u8();
  format.green_shift = ahead.u8();
  format.blue_shift = ahead.u8();
  ahead.skip(3);
  const std::uint32_t size = ahead.u32();
  if (size > options_.text_most) return Taken::bad;
  if (ahead.remaining() < size) return Taken::more;
  screen.name = as_text(ahead.take(size));
  reader.skip(ahead.position());
  transaction_->screen = std::move(screen);
  transaction_->steps[1] = rfb_progress::ready;
  step_ = Step::over;
  return Taken::good;
}

void RfbParser::stop(PacketEvent event) {
  transaction_->events.set(static_cast<std::size_t>(event));
  step_ = Step::over;
}

void RfbParser::finish(ParserOutput& output) {
  if (transaction_ == nullptr) return;
  transaction_->done = true;
  output.finished(std::move(transaction_));
}

}  // namespace tocsin::collectors
