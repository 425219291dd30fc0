#include "collectors/packet/protocol/pgsql/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/exchange.h"
#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/skip.h"

namespace tocsin::collectors {
namespace {

constexpr std::uint32_t startup_most = 10'000;  // as the server itself allows

bool startup_code(std::uint32_t code) noexcept {
  return (code >> 16U) == 3 || (code >= 80'877'102 && code <= 80'877'104);
}

bool fatal(const PgsqlPairs& notice) noexcept {
  return std::ranges::any_of(notice, [](const auto& pair) {
    return pair.first.starts_with("severity") && (pair.second == "FATAL" || pair.second == "PANIC");
  });
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_pgsql_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<PgsqlParser>(std::cref(options.pgsql), PgsqlFields(names));
}

// A client begins with a length and a code that nobody else has; in the middle of a connection only tagged messages on
// the customary port count.
Probe probe_pgsql(const ProbeInput& input) {
  const bool customary = input.server_port == pgsql_ports[0];
  ByteReader reader(input.bytes);
  if (input.direction == Direction::to_client) {
    if (!customary || input.bytes.empty()) return Probe::no;
    if (input.bytes.size() == 1) return input.bytes[0] == 'N' || input.bytes[0] == 'S' ? Probe::yes : Probe::no;
    const std::uint8_t tag = reader.u8();
    const std::uint32_t length = reader.u32();
    if (!reader.ok()) return pgsql_server_tag(tag) ? Probe::more : Probe::no;
    return pgsql_server_tag(tag) && length >= 4 && length < (1U << 24U) ? Probe::yes : Probe::no;
  }
  if (input.bytes.size() < 8) return !input.bytes.empty() && input.bytes[0] == 0 ? Probe::more : Probe::no;
  const std::uint32_t length = reader.u32();
  if (length >= 8 && length <= startup_most && startup_code(reader.u32())) return Probe::yes;
  ByteReader tagged(input.bytes);
  const std::uint8_t tag = tagged.u8();
  const std::uint32_t size = tagged.u32();
  if (!customary || !input.beginning_unseen || !pgsql_client_tag(tag)) return Probe::no;
  return size >= 4 && size < (1U << 20U) ? Probe::yes : Probe::no;
}

bool PgsqlParser::wants_ssl_answer() const noexcept {
  if (open_.empty() || !open_.front()->request) return false;
  const auto kind = open_.front()->request->kind;
  return kind == PgsqlRequestKind::ssl || kind == PgsqlRequestKind::gss_encryption;
}

std::optional<PgsqlParser::Frame> PgsqlParser::frame(Direction direction, Bytes bytes) const {
  ByteReader reader(bytes);
  if (direction == Direction::to_client && wants_ssl_answer() && bytes[0] != 'E') return Frame{1, 1};
  // Until a session begins, the client's messages have no tag; their first byte is zero.
  if (direction == Direction::to_server && (!started_ || bytes[0] == 0)) {
    const bool tagged = bytes[0] != 0 && pgsql_client_tag(bytes[0]);
    if (!tagged) {
      const std::uint32_t length = reader.u32();
      if (!reader.ok()) return Frame{};
      if (length < 8 || length > startup_most) return std::nullopt;
      return Frame{4, length};
    }
  }
  const std::uint8_t tag = reader.u8();
  if (direction == Direction::to_server ? !pgsql_client_tag(tag) : !pgsql_server_tag(tag)) return std::nullopt;
  const std::uint32_t length = reader.u32();
  if (!reader.ok()) return Frame{};
  if (length < 4) return std::nullopt;
  return Frame{5, std::uint64_t{length} + 1};
}

ParserState PgsqlParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  Side& side = side_[index(direction)];
  const auto malformed = [&] {
    output.event(direction == Direction::to_server ? PacketEvent::pgsql_malformed_request
                                                   : PacketEvent::pgsql_malformed_response);
    return ParserState::failed;
  };
  std::vector<std::uint8_t> joined;
  if (!side.partial.empty()) {
    side.partial.insert(side.partial.end(), bytes.begin(), bytes.end());
    // Asked for before anything is copied again: a long message comes in many pieces.
    const auto shape = frame(direction, side.partial);
    if (!shape) return malformed();
    if ((shape->size == 0 || shape->size > side.partial.size()) && shape->size <= options_.message_most)
      return ParserState::more;
    joined = std::exchange(side.partial, {});
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (side.skip != 0) {
      pass_over(side.skip, bytes);
      continue;
    }
    const auto shape = frame(direction, bytes);
    if (!shape) return malformed();
    const bool too_long = shape->size > options_.message_most;
    if (!too_long && (shape->size == 0 || shape->size > bytes.size())) {
      side.partial.assign(bytes.begin(), bytes.end());
      return ParserState::more;
    }
    if (too_long) {
      side.skip = shape->size;
      continue;
    }
    const auto size = static_cast<std::size_t>(shape->size);
    if (!message(direction, bytes.first(size), *shape, output)) return malformed();
    bytes = bytes.subspan(size);
    if (encrypted_) {
      side.partial.assign(bytes.begin(), bytes.end());
      return ParserState::restart;
    }
  }
  return ParserState::more;
}

bool PgsqlParser::message(Direction direction, Bytes bytes, const Frame& shape, ParserOutput& output) {
  return direction == Direction::to_server ? client(bytes, shape, output) : server(bytes, shape, output);
}

PgsqlTransaction& PgsqlParser::open(std::optional<PgsqlRequest> request, ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    open_.front()->events.set(static_cast<std::size_t>(PacketEvent::pgsql_too_many_transactions));
    close_exchange(open_, 0, output);
  }
  auto& fresh = *open_.emplace_back(std::make_unique<PgsqlTransaction>(fields_));
  fresh.number = transactions_++;
  fresh.request = std::move(request);
  return fresh;
}

// COPY from the client: one transaction for all its pieces.
void PgsqlParser::copy(PgsqlRequest request, ParserOutput& output) {
  const bool going = !open_.empty() && open_.back()->request && !open_.back()->request_done;
  if (!going) {
    auto& fresh = open(std::move(request), output);
    fresh.request_done = false;
    auto& own = *fresh.request;
    if (own.kind != PgsqlRequestKind::copy_data) own.copy_end = own.kind;
  } else {
    auto& own = *open_.back()->request;
    own.copies += request.copies;
    own.copy_size += request.copy_size;
    if (request.kind != PgsqlRequestKind::copy_data) own.copy_end = request.kind;
  }
  auto& current = *open_.back();
  if (!current.request->copy_end) return;
  current.request_done = true;
  output.progressed(current, Direction::to_server);
}

bool PgsqlParser::client(Bytes bytes, const Frame& shape, ParserOutput& output) {
  auto request = shape.header == 4 ? parse_pgsql_startup(bytes)
                                   : parse_pgsql_request(bytes[0], bytes.subspan(shape.header), sasl_);
  if (!request) return false;
  using Kind = PgsqlRequestKind;
  if (request->kind != Kind::ssl && request->kind != Kind::gss_encryption) started_ = true;
  switch (request->kind) {
    case Kind::copy_data:
    case Kind::copy_done:
    case Kind::copy_fail: copy(std::move(*request), output); return true;
    case Kind::extended: return true;  // prepared statements are stepped over, as in Suricata
    default: break;
  }
  const bool last = request->kind == Kind::terminate || request->kind == Kind::cancel;
  auto& fresh = open(std::move(*request), output);
  output.progressed(fresh, Direction::to_server);
  if (!last) return true;
  close_exchanges(open_, output);
  return true;
}

bool PgsqlParser::server(Bytes bytes, const Frame& shape, ParserOutput& output) {
  if (shape.header == 1) {
    if (bytes[0] != 'S' && bytes[0] != 'N' && bytes[0] != 'G') return false;
    auto& response = open_.front()->response;
    response.any = true;
    response.ssl_accepted = bytes[0] != 'N';
    encrypted_ = bytes[0] == 'S';
    close_exchange(open_, 0, output);
    return true;
  }
  const std::uint8_t tag = bytes[0];
  if (open_.empty()) {
    // Answers to what was stepped over; only what a server says unasked stands alone.
    if (tag != 'N' && tag != 'A') return true;
    open(std::nullopt, output);
  }
  auto& current = *open_.front();
  auto answer = parse_pgsql_response(tag, bytes.subspan(shape.header), current.response, sasl_);
  if (answer == PgsqlAnswer::wrong) {
    current.events.set(static_cast<std::size_t>(PacketEvent::pgsql_malformed_response));
    return false;
  }
  // After the last words of a refused session nothing follows; what nobody asked for stands alone.
  if (tag == 'E' && fatal(current.response.notice)) answer = PgsqlAnswer::complete;
  if (!current.request && (tag == 'A' || tag == 'N')) answer = PgsqlAnswer::complete;
  if (answer == PgsqlAnswer::complete) close_exchange(open_, 0, output);
  return true;
}

void PgsqlParser::finish(ParserOutput& output) { close_exchanges(open_, output); }

}  // namespace tocsin::collectors
