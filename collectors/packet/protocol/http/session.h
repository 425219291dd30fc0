#pragma once
// The libhtp side of the HTTP parser: configuration, call-backs, copying into our transactions. Included by the HTTP
// folder's .cpp files only.

#include <htp/htp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/packet/protocol/brotli.h"
#include "collectors/packet/protocol/http/multipart.h"
#include "collectors/packet/protocol/http/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

inline std::string_view text_of(const bstr* text) noexcept {
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(bstr_ptr(text)), bstr_len(text)};
}

struct HttpConfigRelease {
  void operator()(htp_cfg_t* config) const { htp_config_destroy(config); }
};
using HttpConfig = std::unique_ptr<htp_cfg_t, HttpConfigRelease>;
HttpConfig make_http_config(const HttpOptions& options);

struct HttpConnectionRelease {
  void operator()(htp_connp_t* connection) const { htp_connp_destroy_all(connection); }
};
using HttpConnection = std::unique_ptr<htp_connp_t, HttpConnectionRelease>;

// One connection. libhtp's part of it is there only while a request is on its way: between two it holds nothing that a
// fresh one would not, and many connections wait.
class HttpSession final : public ProtocolParser, private MultipartSink {
 public:
  HttpSession(const HttpOptions& options, htp_cfg_t* config) : options_(options), config_(config) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void end(Direction direction, Time time, ParserOutput& output) override;
  Bytes leftover(Direction direction) const override;
  Protocol successor() const override { return successor_; }
  std::shared_ptr<FlowAgreement> legacy() const override { return legacy_; }
  void finish(ParserOutput& output) override;

  // libhtp's call-backs, by way of the connection's user data.
  void request_line(htp_tx_t* tx);
  void request_headers(htp_tx_t* tx);
  void response_line(htp_tx_t* tx);
  void response_headers(htp_tx_t* tx);
  void header_data(Direction direction, const htp_tx_data_t& data);
  void body_data(Direction direction, const htp_tx_data_t& data);
  std::uint64_t body_limit(Direction direction) const noexcept;
  bool past_limit(const HttpSide& side, Direction direction) const noexcept;
  void complete(Direction direction, htp_tx_t* tx);
  void logged(const htp_log_t& log);

 private:
  // Said by libhtp during the call; the transaction may not be there yet.
  struct Remark {
    PacketEvent event;
    Direction direction;
    const htp_tx_t* handle;  // null: the newest
  };
  struct Open {
    std::unique_ptr<HttpTransaction> transaction;
    htp_tx_t* handle;
    std::array<bool, 2> touched{};
    std::unique_ptr<Multipart> upload;
    std::unique_ptr<BrotliStream> brotli;  // of the response; libhtp unpacks the rest
  };

  void part_begin(std::string_view file_name, std::string_view field_name) override;
  void part_data(Bytes bytes) override;
  void part_end(bool whole) override;
  void part_wrong(MultipartFault fault) override;

  bool connect();
  void rest();
  Open* open_of(htp_tx_t* tx);
  void step(Open& open, Direction direction, std::uint8_t progress);
  ParserState feed(Direction direction, const void* data, std::size_t size, Time time, ParserOutput& output);
  bool feed_once(Direction direction, const void* data, std::size_t size, Time time);
  void report(ParserOutput& output);
  void note_remarks(ParserOutput& output);
  void copy_headers(HttpSide& side, const htp_table_t* headers) const;
  void keep(std::vector<std::uint8_t>& into, Bytes bytes, std::uint64_t limit) const;
  void body_bytes(Open& open, Direction direction, Bytes bytes);
  void body_file(Open& open, Direction direction, Bytes bytes, std::uint64_t lost);
  void close_files(Open& open, Direction direction, bool truncated);
  void end_file(Open& open, Direction direction, HttpFile& file, bool truncated);
  std::string file_name(const HttpTransaction& transaction, Direction direction) const;

  const HttpOptions& options_;
  htp_cfg_t* const config_;
  HttpConnection connection_;
  ParserOutput* output_ = nullptr;  // during a call
  std::vector<Open> open_;
  Open* uploading_ = nullptr;                         // while its upload is being read
  std::array<std::vector<std::uint8_t>, 2> waiting_;  // libhtp wants the other direction first
  std::vector<Remark> remarks_;
  std::size_t remarks_made_ = 0;
  Direction feeding_ = Direction::to_server;  // whose bytes libhtp has
  std::uint64_t transactions_ = 0;
  std::uint32_t files_ = 0;
  void upgrade(const HttpTransaction& transaction);

  Protocol successor_ = Protocol::unknown;  // what a 101 agreed on
  std::shared_ptr<FlowAgreement> legacy_;
  bool switching_ = false;  // the 101 is in the bytes at hand
  bool ended_ = false;      // one side at least
  bool tunnel_ = false;     // another protocol follows; its first bytes are in waiting_
  bool failed_ = false;
};

}  // namespace tocsin::collectors
