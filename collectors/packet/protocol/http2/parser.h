#pragma once
// HTTP/2 (RFC 9113) over TCP without encryption, and DNS over it (RFC 8484): frames of both directions, header blocks
// put together, one transaction per stream.

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/http2/transaction.h"
#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

Probe probe_http2(const ProbeInput& input);
Probe probe_doh2(const ProbeInput& input);  // never: a connection becomes it
std::unique_ptr<ProtocolFactory> make_http2_factory(const PacketOptions& options, FieldNames& names);

// The request of HTTP/1 that asked for HTTP/2.
struct Http2Legacy final : FlowAgreement {
  std::vector<Http2Field> fields;
};

class Http2Parser final : public ProtocolParser {
 public:
  Http2Parser(const Http2Options& options, const Http2Fields& fields);
  // The first stream is half told already.
  void inherit(const Http2Legacy& legacy);

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  struct Side {
    explicit Side(std::size_t table_most) : hpack(table_most) {}
    std::vector<std::uint8_t> partial;
    std::uint64_t skip = 0;  // of a frame too long to be looked at
    HpackDecoder hpack;
    bool broken = false;  // header blocks cannot be read any more
    // A block in several frames.
    std::vector<std::uint8_t> block;
    std::uint32_t block_stream = 0;
    bool block_ends_stream = false;
    bool block_open = false;
  };
  // Bytes used; 0: not whole yet.
  std::size_t frame(Direction direction, Bytes bytes, ParserOutput& output);
  void connection_frame(Direction direction, const Http2FrameHeader& header, Bytes payload, ParserOutput& output);
  void stream_frame(Direction direction, const Http2FrameHeader& header, Bytes payload, ParserOutput& output);
  void headers(Direction direction, const Http2FrameHeader& header, Bytes payload, Http2Transaction& transaction,
               ParserOutput& output);
  void block(Direction direction, Http2Transaction& transaction, Bytes fragment, bool last, ParserOutput& output);
  void decode(Direction direction, Http2Transaction& transaction, ParserOutput& output);
  void data(Direction direction, const Http2FrameHeader& header, Bytes payload, Http2Transaction& transaction,
            ParserOutput& output);
  void end_side(Direction direction, Http2Transaction& transaction, ParserOutput& output);
  void read_dns(Direction direction, Http2Transaction& transaction);
  Http2Transaction* find_or_open(Direction direction, std::uint32_t stream, bool may_open, ParserOutput& output);
  void close(std::uint32_t stream, ParserOutput& output);
  std::unique_ptr<Http2Transaction> make(std::uint32_t stream);

  const Http2Options& options_;
  const Http2Fields& fields_;
  std::array<Side, 2> side_;
  std::map<std::uint32_t, std::unique_ptr<Http2Transaction>> streams_;
  std::uint64_t transactions_ = 0;
  std::uint32_t highest_ = 0;  // stream of the client that was opened last
  bool dns_ = false;
  bool inherited_ = false;  // a request nobody was told of yet
};

}  // namespace tocsin::collectors
