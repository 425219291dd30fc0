#include "collectors/packet/protocol/http/session.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/http/content_range.h"
#include "collectors/packet/protocol/http/log_event.h"
#include "collectors/packet/protocol/http/parser.h"
#include "collectors/packet/protocol/http2/parser.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t waiting_most = 256 * 1024;
constexpr std::size_t remarks_most = 512;  // of one connection

class HttpFactory final : public ProtocolFactory {
 public:
  explicit HttpFactory(const HttpOptions& options) : options_(options), config_(make_http_config(options)) {}
  std::unique_ptr<ProtocolParser> make(const Flow&) override {
    return std::make_unique<HttpSession>(options_, config_.get());
  }

 private:
  const HttpOptions& options_;
  const HttpConfig config_;
};

htp_time_t stamp(Time time) noexcept {
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  return {static_cast<time_t>(micro / 1'000'000), static_cast<suseconds_t>(micro % 1'000'000)};
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_http_factory(const PacketOptions& options, FieldNames&) {
  return std::make_unique<HttpFactory>(options.http);
}

bool HttpSession::connect() {
  if (connection_ != nullptr) return true;
  connection_.reset(htp_connp_create(config_));
  if (connection_ == nullptr) return false;
  htp_connp_set_user_data(connection_.get(), this);
  htp_time_t begin{};
  htp_connp_open(connection_.get(), nullptr, 0, nullptr, 0, &begin);
  return true;
}

// Lets go of libhtp's part when neither side is in the middle of anything.
void HttpSession::rest() {
  if (connection_ == nullptr || ended_ || tunnel_ || !open_.empty() || !waiting_[0].empty() || !waiting_[1].empty())
    return;
  if (htp_connp_get_in_tx(connection_.get()) != nullptr || htp_connp_get_out_tx(connection_.get()) != nullptr) return;
  connection_.reset();
  open_.shrink_to_fit();
}

ParserState HttpSession::consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) {
  auto& waiting = waiting_[index(direction)];
  if (waiting.empty()) return feed(direction, bytes.data(), bytes.size(), time, output);
  if (waiting.size() + bytes.size() > waiting_most) {
    failed_ = true;
    return ParserState::failed;
  }
  waiting.insert(waiting.end(), bytes.begin(), bytes.end());
  return feed(direction, nullptr, 0, time, output);
}

ParserState HttpSession::gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) {
  // libhtp steps over a loss inside a body and refuses it anywhere else.
  static constexpr std::uint64_t most = 1ULL << 30;
  return feed(direction, nullptr, static_cast<std::size_t>(std::min(count, most)), time, output);
}

// One call into libhtp and, when that unblocked the other direction, the bytes that waited there.
ParserState HttpSession::feed(Direction direction, const void* data, std::size_t size, Time time,
                              ParserOutput& output) {
  if (failed_ || !connect()) return ParserState::failed;
  output_ = &output;
  bool good = size == 0 || feed_once(direction, data, size, time);
  for (int turn = 0; good && !tunnel_ && turn < 4; ++turn) {
    bool moved = false;
    for (const auto each : {opposite(direction), direction}) {
      auto& waiting = waiting_[index(each)];
      if (waiting.empty() || !good || tunnel_) continue;
      const std::vector<std::uint8_t> bytes = std::move(waiting);
      waiting = {};
      good = feed_once(each, bytes.data(), bytes.size(), time);
      moved |= waiting.size() != bytes.size();
    }
    if (!moved) break;
  }
  report(output);
  output_ = nullptr;
  if (good) {
    rest();
    return tunnel_ ? ParserState::restart : ParserState::more;
  }
  failed_ = true;
  output.event(PacketEvent::http_parser_error);
  return ParserState::failed;
}

bool HttpSession::feed_once(Direction direction, const void* data, std::size_t size, Time time) {
  const htp_time_t when = stamp(time);
  const bool request = direction == Direction::to_server;
  feeding_ = direction;
  const int state = request ? htp_connp_req_data(connection_.get(), &when, data, size)
                            : htp_connp_res_data(connection_.get(), &when, data, size);
  if (state == HTP_STREAM_ERROR || state == HTP_STREAM_STOP) return false;
  if (state == HTP_STREAM_TUNNEL) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    // What stands behind a 101 in the same bytes is the other protocol's already.
    std::size_t used = 0;
    if (!request && std::exchange(switching_, false))
      used = std::min(size, htp_connp_res_data_consumed(connection_.get()));
    if (bytes != nullptr) waiting_[index(direction)].assign(bytes + used, bytes + size);
    tunnel_ = true;
    return true;
  }
  if (state == HTP_STREAM_DATA_OTHER && data != nullptr) {
    const std::size_t used =
        request ? htp_connp_req_data_consumed(connection_.get()) : htp_connp_res_data_consumed(connection_.get());
    if (used < size) {
      const auto* bytes = static_cast<const std::uint8_t*>(data);
      waiting_[index(direction)].assign(bytes + used, bytes + size);
    }
  }
  return true;
}

// Empty lines behind a request of CONNECT and its answer are none of what comes through the tunnel.
Bytes HttpSession::leftover(Direction direction) const {
  Bytes left = waiting_[index(direction)];
  while (successor_ == Protocol::unknown && !left.empty() && (left[0] == '\r' || left[0] == '\n'))
    left = left.subspan(1);
  return left;
}

void HttpSession::end(Direction direction, Time time, ParserOutput& output) {
  ended_ = true;
  if (connection_ == nullptr || failed_) return;
  output_ = &output;
  const htp_time_t when = stamp(time);
  feeding_ = direction;
  if (direction == Direction::to_server) htp_connp_req_close(connection_.get(), &when);
  else htp_connp_close(connection_.get(), &when);
  report(output);
  output_ = nullptr;
}

void HttpSession::finish(ParserOutput& output) {
  output_ = &output;
  for (auto& open : open_) {
    for (const auto direction : {Direction::to_server, Direction::to_client}) {
      close_files(open, direction, true);
      // Cut off is over as well: what came is looked at now or never.
      auto& side = open.transaction->side(direction);
      if (side.progress == 0 || side.progress >= http_progress::complete) continue;
      side.progress = http_progress::complete;
      output.progressed(*open.transaction, direction);
    }
    output.finished(std::move(open.transaction));
  }
  open_.clear();
  output_ = nullptr;
  failed_ = true;
}

namespace {

// Brotli (RFC 7932): libhtp does not know it, which makes it no strange one.
bool is_brotli(const htp_tx_t* tx) noexcept {
  const auto* header =
      tx == nullptr || tx->response_headers == nullptr
          ? nullptr
          : static_cast<const htp_header_t*>(htp_table_get_c(tx->response_headers, "content-encoding"));
  return header != nullptr && equals_ignoring_case(trim(text_of(header->value)), "br");
}

}  // namespace

void HttpSession::logged(const htp_log_t& log) {
  if (remarks_made_ > remarks_most) return;
  const bool last = ++remarks_made_ > remarks_most;
  const auto event = last ? std::optional(PacketEvent::http_too_many_warnings) : http_log_event(log.msg, feeding_);
  if (!event) return;
  const auto* handle = log.tx != nullptr                  ? log.tx
                       : feeding_ == Direction::to_server ? htp_connp_get_in_tx(connection_.get())
                                                          : htp_connp_get_out_tx(connection_.get());
  if (event == PacketEvent::http_abnormal_ce_header && is_brotli(handle)) return;
  remarks_.push_back({*event, feeding_, handle});
}

void HttpSession::note_remarks(ParserOutput& output) {
  for (const auto& remark : remarks_) {
    if (open_.empty()) {
      output.event(remark.event);
      continue;
    }
    const auto found =
        std::ranges::find(open_, remark.handle, [](const Open& open) -> const htp_tx_t* { return open.handle; });
    Open& open = found == open_.end() ? open_.back() : *found;
    open.transaction->raise(remark.event);
    open.touched[index(remark.direction)] = true;
  }
  remarks_.clear();
}

// Tells what moved during the call, then lets go of what is complete.
void HttpSession::report(ParserOutput& output) {
  if (!remarks_.empty()) note_remarks(output);
  for (auto& open : open_) {
    for (const auto direction : {Direction::to_server, Direction::to_client}) {
      if (!std::exchange(open.touched[index(direction)], false)) continue;
      output.progressed(*open.transaction, direction);
    }
  }
  const auto done = [](const Open& open) {
    return open.transaction->complete(Direction::to_server) && open.transaction->complete(Direction::to_client);
  };
  for (auto& open : open_) {
    if (!done(open)) continue;
    output.finished(std::move(open.transaction));
    htp_tx_set_user_data(open.handle, nullptr);
    htp_tx_destroy(open.handle);
  }
  std::erase_if(open_, [](const Open& open) { return open.transaction == nullptr; });
}

HttpSession::Open* HttpSession::open_of(htp_tx_t* tx) {
  for (auto& open : open_)
    if (open.handle == tx) return &open;
  if (output_ == nullptr) return nullptr;
  if (open_.size() >= options_.transactions_most) {
    failed_ = true;
    return nullptr;
  }
  Open& open = open_.emplace_back();
  open.transaction = std::make_unique<HttpTransaction>();
  open.transaction->number = transactions_++;
  open.handle = tx;
  return &open;
}

void HttpSession::step(Open& open, Direction direction, std::uint8_t progress) {
  auto& side = open.transaction->side(direction);
  side.progress = std::max(side.progress, progress);
  open.touched[index(direction)] = true;
}

namespace {

// Path and query as the server will understand them; libhtp has decoded the parts.
std::string normalised_uri(const htp_tx_t& tx) {
  if (tx.parsed_uri == nullptr) return {};
  const htp_uri_t& uri = *tx.parsed_uri;
  std::string text(text_of(uri.path));
  if (uri.query != nullptr) text.append("?").append(text_of(uri.query));
  if (uri.fragment != nullptr) text.append("#").append(text_of(uri.fragment));
  if (text.empty() && tx.request_method_number == HTP_M_CONNECT) text = text_of(tx.request_uri);
  return text;
}

}  // namespace

void HttpSession::request_line(htp_tx_t* tx) {
  Open* open = open_of(tx);
  if (open == nullptr) return;
  auto& transaction = *open->transaction;
  auto& side = transaction.side(Direction::to_server);
  side.line = text_of(tx->request_line);
  side.protocol = text_of(tx->request_protocol);
  transaction.request_seen = true;
  transaction.method = text_of(tx->request_method);
  transaction.uri_raw = text_of(tx->request_uri);
  transaction.uri = normalised_uri(*tx);
  if (tx->parsed_uri != nullptr) transaction.path = text_of(tx->parsed_uri->path);
  if ((tx->flags & HTP_REQUEST_INVALID) != 0) transaction.raise(PacketEvent::http_request_line_invalid);
  step(*open, Direction::to_server, http_progress::line);
}

void HttpSession::copy_headers(HttpSide& side, const htp_table_t* headers) const {
  side.headers.clear();
  const std::size_t count = headers == nullptr ? 0 : htp_table_size(headers);
  side.headers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* header = static_cast<const htp_header_t*>(htp_table_get_index(headers, i, nullptr));
    if (header == nullptr) continue;
    side.headers.push_back({std::string(text_of(header->name)), std::string(text_of(header->value))});
  }
}

void HttpSession::request_headers(htp_tx_t* tx) {
  Open* open = open_of(tx);
  if (open == nullptr) return;
  auto& transaction = *open->transaction;
  auto& side = transaction.side(Direction::to_server);
  copy_headers(side, tx->request_headers);
  transaction.host = lower_ascii(text_of(tx->request_hostname));
  // The target of CONNECT is an authority: a path is none.
  if (transaction.host.find('/') != std::string::npos) transaction.host.clear();
  if (const auto* host = side.find("Host")) transaction.host_raw = host->value;
  else if (tx->parsed_uri_raw != nullptr) transaction.host_raw = text_of(tx->parsed_uri_raw->hostname);
  transaction.port = std::max(tx->request_port_number, 0);
  const auto flag = [&](std::uint64_t bits, PacketEvent event) {
    if ((tx->flags & bits) != 0) transaction.raise(event);
  };
  flag(HTP_HOST_MISSING, PacketEvent::http_request_field_missing_host);
  flag(HTP_HOST_AMBIGUOUS, PacketEvent::http_request_host_ambiguous);
  flag(HTP_HOSTU_INVALID, PacketEvent::http_request_uri_host_invalid);
  flag(HTP_HOSTH_INVALID, PacketEvent::http_request_host_invalid);
  flag(HTP_HEADERS_TOO_MANY, PacketEvent::http_request_too_many_headers);
  flag(HTP_REQUEST_INVALID_T_E, PacketEvent::http_invalid_transfer_encoding);
  flag(HTP_REQUEST_INVALID_C_L, PacketEvent::http_invalid_content_length);
  flag(HTP_REQUEST_SMUGGLING, PacketEvent::http_request_smuggling);
  flag(HTP_FIELD_UNPARSEABLE | HTP_FIELD_INVALID, PacketEvent::http_request_header_invalid);
  if (tx->request_auth_type == HTP_AUTH_UNRECOGNIZED) transaction.raise(PacketEvent::http_request_auth_unrecognized);
  if (const auto* type = side.find("Content-Type"))
    if (const auto boundary = Multipart::boundary_of(type->value))
      open->upload = std::make_unique<Multipart>(*boundary);
  step(*open, Direction::to_server, http_progress::headers);
}

void HttpSession::response_line(htp_tx_t* tx) {
  Open* open = open_of(tx);
  if (open == nullptr) return;
  auto& transaction = *open->transaction;
  auto& side = transaction.side(Direction::to_client);
  tx->seen_100continue = 0;  // servers may send several; libhtp gives up at the second
  side.line = text_of(tx->response_line);
  side.protocol = text_of(tx->response_protocol);
  transaction.status_text = text_of(tx->response_status);
  transaction.status_message = text_of(tx->response_message);
  transaction.status = static_cast<unsigned>(std::max(tx->response_status_number, 0));
  if ((tx->flags & HTP_STATUS_LINE_INVALID) != 0) transaction.raise(PacketEvent::http_response_line_invalid);
  step(*open, Direction::to_client, http_progress::line);
}

void HttpSession::response_headers(htp_tx_t* tx) {
  Open* open = open_of(tx);
  if (open == nullptr) return;
  auto& side = open->transaction->side(Direction::to_client);
  copy_headers(side, tx->response_headers);
  // Of a body that began before them, as junk in front of the status line does.
  if (!side.files.empty()) side.files.front().name = file_name(*open->transaction, Direction::to_client);
  if (const auto* encoding = side.find("Content-Encoding");
      encoding != nullptr && equals_ignoring_case(trim(encoding->value), "br") && open->brotli == nullptr)
    open->brotli = std::make_unique<BrotliStream>();
  if (open->transaction->status == 206)
    if (const auto* range = side.find("Content-Range"); range != nullptr && !ContentRange::sound(range->value))
      open->transaction->raise(PacketEvent::http_range_invalid);
  if (open->transaction->status == 101) upgrade(*open->transaction);
  step(*open, Direction::to_client, http_progress::headers);
}

// RFC 9110, 7.8. The request of an upgrade to HTTP/2 is answered as the first stream: RFC 7540, 3.2.
void HttpSession::upgrade(const HttpTransaction& transaction) {
  switching_ = true;
  const auto* wanted = transaction.side(Direction::to_client).find("Upgrade");
  if (wanted == nullptr) return;
  const auto name = lower_ascii(trim(wanted->value));
  if (name == "websocket") successor_ = Protocol::websocket;
  if (name != "h2c") return;
  successor_ = Protocol::http2;
  auto legacy = std::make_shared<Http2Legacy>();
  legacy->fields.push_back({":method", transaction.method, {}});
  legacy->fields.push_back({":path", transaction.uri_raw, {}});
  legacy->fields.push_back({":authority", transaction.host_raw, {}});
  for (const auto& header : transaction.side(Direction::to_server).headers)
    legacy->fields.push_back({lower_ascii(header.name), header.value, {}});
  legacy_ = std::move(legacy);
}

void HttpSession::header_data(Direction direction, const htp_tx_data_t& data) {
  Open* open = open_of(data.tx);
  if (open == nullptr || data.data == nullptr) return;
  auto& raw = open->transaction->side(direction).header_raw;
  static constexpr std::size_t raw_most = 256 * 1024;
  if (raw.size() >= raw_most) return;
  raw.append(reinterpret_cast<const char*>(data.data), std::min(data.len, raw_most - raw.size()));
}

void HttpSession::complete(Direction direction, htp_tx_t* tx) {
  Open* open = open_of(tx);
  if (open == nullptr) return;
  auto& side = open->transaction->side(direction);
  if (side.progress < http_progress::headers)
    copy_headers(side, direction == Direction::to_server ? tx->request_headers : tx->response_headers);
  const bool cut = body_limit(direction) < side.body_size && past_limit(side, direction);
  if (open->upload != nullptr && direction == Direction::to_server) {
    uploading_ = open;
    open->upload->finish(*this);
    uploading_ = nullptr;
  }
  if (direction == Direction::to_client && tx->response_message_len > 0)
    open->transaction->response_length = static_cast<std::uint64_t>(tx->response_message_len);
  close_files(*open, direction, side.body_gaps != 0 || cut);
  step(*open, direction, http_progress::complete);
  // From here on it is another conversation.
  const bool accepted = tx->response_status_number >= 200 && tx->response_status_number < 300;
  if (direction == Direction::to_client && tx->request_method_number == HTP_M_CONNECT && accepted) tunnel_ = true;
}

}  // namespace tocsin::collectors
