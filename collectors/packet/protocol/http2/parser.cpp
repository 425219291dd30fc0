#include "collectors/packet/protocol/http2/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "collectors/packet/protocol/skip.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t frame_most = 65'536;  // longer ones are stepped over; data goes through
constexpr std::size_t fields_most = 1'024;
constexpr std::size_t decoded_most = 256U << 10;  // bytes of header fields of one block

class Http2Factory final : public ProtocolFactory {
 public:
  Http2Factory(const Http2Options& options, FieldNames& names) : options_(options), fields_(names) {}
  std::unique_ptr<ProtocolParser> make(const Flow&) override {
    return std::make_unique<Http2Parser>(options_, fields_);
  }
  std::unique_ptr<ProtocolParser> make_expected(const Flow&, const ExpectedFlow& expected) override {
    auto parser = std::make_unique<Http2Parser>(options_, fields_);
    if (const auto* legacy = dynamic_cast<const Http2Legacy*>(expected.agreement.get())) parser->inherit(*legacy);
    return parser;
  }

 private:
  const Http2Options& options_;
  const Http2Fields fields_;
};

bool is_dns(const Http2Transaction& transaction, Direction direction) {
  const auto* type = transaction.field_value(direction, "content-type");
  return type != nullptr && equals_ignoring_case(*type, "application/dns-message");
}

// "/dns-query?dns=AAABAAAB…": base64url without padding.
std::optional<std::string> dns_of_path(std::string_view path) {
  const auto question = path.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  for (const auto item : split(path.substr(question + 1), '&')) {
    if (!item.starts_with("dns=")) continue;
    std::string text(item.substr(4));
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    while (text.size() % 4 != 0) text += '=';
    return parse_base64(text);
  }
  return std::nullopt;
}

// Section 6.1, 6.2: how much of the end is padding.
std::optional<Bytes> without_padding(const Http2FrameHeader& header, Bytes payload) {
  if ((header.flags & http2_flag::padded) == 0) return payload;
  if (payload.empty() || payload[0] >= payload.size()) return std::nullopt;
  return payload.subspan(1, payload.size() - 1 - payload[0]);
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_http2_factory(const PacketOptions& options, FieldNames& names) {
  return std::make_unique<Http2Factory>(options.http2, names);
}

// The client's preface. A server begins with SETTINGS, which alone does not prove it.
Probe probe_http2(const ProbeInput& input) {
  const auto text = as_text(input.bytes);
  if (input.direction == Direction::to_server) {
    const auto size = std::min(text.size(), http2_preface.size());
    if (text.substr(0, size) != http2_preface.substr(0, size)) return Probe::no;
    return size == http2_preface.size() ? Probe::yes : Probe::more;
  }
  if (input.bytes.empty() || input.bytes[0] != 0) return Probe::no;
  if (input.bytes.size() < Http2FrameHeader::size) return Probe::more;
  const auto header = parse_http2_frame_header(input.bytes);
  const bool settings = header.is(Http2FrameType::settings) && header.stream == 0 && header.flags <= 1 &&
                        header.length % 6 == 0 && header.length <= 60;
  return settings ? Probe::more : Probe::no;
}

Probe probe_doh2(const ProbeInput&) { return Probe::no; }

Http2Parser::Http2Parser(const Http2Options& options, const Http2Fields& fields)
    : options_(options), fields_(fields), side_{Side(options.table_most), Side(options.table_most)} {}

std::unique_ptr<Http2Transaction> Http2Parser::make(std::uint32_t stream) {
  auto out = std::make_unique<Http2Transaction>(fields_, stream);
  out->number = transactions_++;
  if (dns_) out->protocol = Protocol::doh2;
  return out;
}

void Http2Parser::inherit(const Http2Legacy& legacy) {
  auto transaction = make(1);
  transaction->side(Direction::to_server).fields = legacy.fields;
  transaction->headers_done(Direction::to_server);
  transaction->side(Direction::to_server).ended = true;
  highest_ = 1;
  inherited_ = true;
  streams_.emplace(1, std::move(transaction));
}

ParserState Http2Parser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (std::exchange(inherited_, false)) output.progressed(*streams_.begin()->second, Direction::to_server);
  auto& side = side_[index(direction)];
  std::vector<std::uint8_t> joined;
  if (!side.partial.empty()) {
    // At most one frame waits; asked for before all is copied again.
    side.partial.insert(side.partial.end(), bytes.begin(), bytes.end());
    if (side.partial.size() >= Http2FrameHeader::size) {
      const auto header = parse_http2_frame_header(side.partial);
      const bool preface = as_text(side.partial).starts_with(http2_preface.substr(0, Http2FrameHeader::size));
      if (!preface && header.length <= frame_most && side.partial.size() < Http2FrameHeader::size + header.length)
        return ParserState::more;
    }
    joined = std::exchange(side.partial, {});
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (side.skip != 0) {
      pass_over(side.skip, bytes);
      continue;
    }
    const std::size_t used = frame(direction, bytes, output);
    if (used == 0) {
      side.partial.assign(bytes.begin(), bytes.end());
      break;
    }
    bytes = bytes.subspan(used);
  }
  return ParserState::more;
}

std::size_t Http2Parser::frame(Direction direction, Bytes bytes, ParserOutput& output) {
  if (direction == Direction::to_server && as_text(bytes).starts_with("PRI ")) {
    if (as_text(bytes).starts_with(http2_preface)) return http2_preface.size();
    if (http2_preface.starts_with(as_text(bytes))) return 0;
    output.event(PacketEvent::http2_invalid_client_magic);
  }
  if (bytes.size() < Http2FrameHeader::size) return 0;
  const auto header = parse_http2_frame_header(bytes);
  if (header.length > frame_most) {
    auto* transaction = header.stream == 0 ? nullptr : find_or_open(direction, header.stream, true, output);
    if (transaction != nullptr) {
      transaction->raise(PacketEvent::http2_long_frame_data);
      output.progressed(*transaction, direction);
    } else {
      output.event(PacketEvent::http2_long_frame_data);
    }
    side_[index(direction)].skip = header.length;
    return Http2FrameHeader::size;
  }
  const std::size_t whole = Http2FrameHeader::size + header.length;
  if (bytes.size() < whole) return 0;
  const Bytes payload = bytes.subspan(Http2FrameHeader::size, header.length);
  if (header.stream == 0) connection_frame(direction, header, payload, output);
  else stream_frame(direction, header, payload, output);
  return whole;
}

void Http2Parser::connection_frame(Direction direction, const Http2FrameHeader& header, Bytes payload,
                                   ParserOutput& output) {
  auto transaction = make(0);
  if (header.is(Http2FrameType::data)) transaction->raise(PacketEvent::http2_data_stream_zero);
  auto parsed = parse_http2_frame(header, payload);
  if (!parsed) transaction->raise(PacketEvent::http2_invalid_frame_data);
  else transaction->side(direction).frames.push_back(std::move(*parsed));
  transaction->side(Direction::to_server).ended = transaction->side(Direction::to_client).ended = true;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

Http2Transaction* Http2Parser::find_or_open(Direction direction, std::uint32_t stream, bool may_open,
                                            ParserOutput& output) {
  const auto found = streams_.find(stream);
  if (found != streams_.end()) return found->second.get();
  if (!may_open) return nullptr;
  if (streams_.size() >= options_.streams_most) {
    streams_.begin()->second->raise(PacketEvent::http2_too_many_streams);
    close(streams_.begin()->first, output);
  }
  auto transaction = make(stream);
  const bool of_client = stream % 2 == 1;
  if (of_client && direction == Direction::to_server) {
    if (stream <= highest_) transaction->raise(PacketEvent::http2_stream_id_reuse);
    highest_ = std::max(highest_, stream);
  }
  return streams_.emplace(stream, std::move(transaction)).first->second.get();
}

void Http2Parser::stream_frame(Direction direction, const Http2FrameHeader& header, Bytes payload,
                               ParserOutput& output) {
  const bool opens = header.is(Http2FrameType::headers) || header.is(Http2FrameType::push_promise) ||
                     header.is(Http2FrameType::data) || header.is(Http2FrameType::continuation) ||
                     header.is(Http2FrameType::reset_stream) || header.stream > highest_;
  auto* transaction = find_or_open(direction, header.stream, opens, output);
  if (transaction == nullptr) return;  // about a stream that is over
  auto& own = transaction->side(direction);
  auto parsed = parse_http2_frame(header, payload);
  if (!parsed) transaction->raise(PacketEvent::http2_invalid_frame_data);
  else if (own.frames.size() >= options_.frames_most) transaction->raise(PacketEvent::http2_too_many_frames);
  else if (!header.is(Http2FrameType::data) || own.frames.empty() ||
           own.frames.back().type != static_cast<std::uint8_t>(Http2FrameType::data))
    own.frames.push_back(std::move(*parsed));  // data frames in a row say no more than one
  switch (static_cast<Http2FrameType>(header.type)) {
    case Http2FrameType::headers:
    case Http2FrameType::push_promise: return headers(direction, header, payload, *transaction, output);
    case Http2FrameType::continuation: {
      auto& side = side_[index(direction)];
      if (!side.block_open || side.block_stream != header.stream) break;
      return block(direction, *transaction, payload, (header.flags & http2_flag::end_headers) != 0, output);
    }
    case Http2FrameType::data: return data(direction, header, payload, *transaction, output);
    case Http2FrameType::reset_stream: output.progressed(*transaction, direction); return close(header.stream, output);
    default: break;
  }
  output.progressed(*transaction, direction);
}

void Http2Parser::headers(Direction direction, const Http2FrameHeader& header, Bytes payload,
                          Http2Transaction& transaction, ParserOutput& output) {
  auto& side = side_[index(direction)];
  auto fragment = without_padding(header, payload);
  std::size_t before = 0;
  if (header.is(Http2FrameType::push_promise)) before = 4;
  else if ((header.flags & http2_flag::priority) != 0) before = 5;
  if (!fragment || fragment->size() < before) {
    transaction.raise(PacketEvent::http2_invalid_frame_data);
    return output.progressed(transaction, direction);
  }
  if (before == 5) transaction.side(direction).frames.back().weight = (*fragment)[4];
  side.block.clear();
  side.block_open = true;
  side.block_stream = header.stream;
  side.block_ends_stream = header.is(Http2FrameType::headers) && (header.flags & http2_flag::end_stream) != 0;
  block(direction, transaction, fragment->subspan(before), (header.flags & http2_flag::end_headers) != 0, output);
}

void Http2Parser::block(Direction direction, Http2Transaction& transaction, Bytes fragment, bool last,
                        ParserOutput& output) {
  auto& side = side_[index(direction)];
  if (side.block.size() + fragment.size() > options_.reassembly_most) {
    transaction.raise(PacketEvent::http2_reassembly_limit_reached);
    side.broken = true;
    side.block_open = false;
    side.block.clear();
    return output.progressed(transaction, direction);
  }
  side.block.insert(side.block.end(), fragment.begin(), fragment.end());
  if (!last) return output.progressed(transaction, direction);
  side.block_open = false;
  decode(direction, transaction, output);
}

void Http2Parser::decode(Direction direction, Http2Transaction& transaction, ParserOutput& output) {
  auto& side = side_[index(direction)];
  auto& own = transaction.side(direction);
  if (!side.broken) {
    const auto fault = side.hpack.decode(side.block, decoded_most, own.fields);
    if (own.fields.size() > fields_most) own.fields.resize(fields_most);
    if (fault == HpackFault::integer_overflow) transaction.raise(PacketEvent::http2_header_integer_overflow);
    else if (fault != HpackFault::none) transaction.raise(PacketEvent::http2_invalid_header);
    side.broken = fault != HpackFault::none;
  }
  side.block.clear();
  transaction.headers_done(direction);
  if (const auto* encoding = transaction.field_value(direction, "content-encoding")) own.body.set_encoding(*encoding);
  if (direction == Direction::to_server) {
    const auto* path = transaction.field_value(direction, ":path");
    const auto query = path != nullptr ? dns_of_path(*path) : std::nullopt;
    if (query)
      if (auto message = parse_dns(as_bytes(*query)))
        own.dns = std::make_unique<DnsTransaction>(std::move(*message), direction);
    dns_ = dns_ || own.dns != nullptr || is_dns(transaction, direction);
  }
  if (dns_) transaction.protocol = Protocol::doh2;
  if (side.block_ends_stream) return end_side(direction, transaction, output);
  output.progressed(transaction, direction);
}

void Http2Parser::data(Direction direction, const Http2FrameHeader& header, Bytes payload,
                       Http2Transaction& transaction, ParserOutput& output) {
  const auto bytes = without_padding(header, payload);
  if (!bytes) {
    transaction.raise(PacketEvent::http2_invalid_frame_data);
    return output.progressed(transaction, direction);
  }
  auto& own = transaction.side(direction);
  FilePart part;
  part.id = transaction.stream() * 2 + (direction == Direction::to_client ? 1 : 0);
  part.name = transaction.file_name();
  part.offset = own.body.size();
  const bool dns = is_dns(transaction, direction);
  const bool good = own.body.add(*bytes, options_.body_most, [&](Bytes content) {
    if (dns) return;
    own.file_begun = true;
    part.bytes = content;
    output.file(&transaction, direction, part);
    part.offset += content.size();
  });
  if (!good) transaction.raise(PacketEvent::http2_failed_decompression);
  if ((header.flags & http2_flag::end_stream) != 0) return end_side(direction, transaction, output);
  output.progressed(transaction, direction);
}

void Http2Parser::read_dns(Direction direction, Http2Transaction& transaction) {
  auto& own = transaction.side(direction);
  if (own.dns || !is_dns(transaction, direction) || own.body.kept().empty()) return;
  if (auto message = parse_dns(own.body.kept())) {
    own.dns = std::make_unique<DnsTransaction>(std::move(*message), direction);
    transaction.events |= own.dns->events;
    transaction.protocol = Protocol::doh2;
    dns_ = true;
  }
}

void Http2Parser::end_side(Direction direction, Http2Transaction& transaction, ParserOutput& output) {
  auto& own = transaction.side(direction);
  if (own.ended) return;
  read_dns(direction, transaction);
  own.ended = true;
  if (own.file_begun) {
    FilePart part;
    part.id = transaction.stream() * 2 + (direction == Direction::to_client ? 1 : 0);
    part.name = transaction.file_name();
    part.offset = own.body.size();
    part.end = true;
    output.file(&transaction, direction, part);
  }
  output.progressed(transaction, direction);
  if (transaction.side(opposite(direction)).ended) close(transaction.stream(), output);
}

void Http2Parser::close(std::uint32_t stream, ParserOutput& output) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  auto done = std::move(found->second);
  streams_.erase(found);
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    auto& own = done->side(direction);
    if (own.ended) continue;
    read_dns(direction, *done);
    own.ended = true;
    if (own.file_begun) {
      FilePart part;
      part.id = stream * 2 + (direction == Direction::to_client ? 1 : 0);
      part.name = done->file_name();
      part.offset = own.body.size();
      part.end = part.truncated = true;
      output.file(done.get(), direction, part);
    }
    output.progressed(*done, direction);
  }
  output.finished(std::move(done));
}

void Http2Parser::finish(ParserOutput& output) {
  while (!streams_.empty()) close(streams_.begin()->first, output);
}

}  // namespace tocsin::collectors
