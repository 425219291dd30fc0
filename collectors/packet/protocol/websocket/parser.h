#pragma once
// WebSocket (RFC 6455): begins where HTTP/1 agreed to it. Frames of both directions; fragmented messages put together.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/websocket/inflate.h"
#include "collectors/packet/protocol/websocket/transaction.h"

namespace tocsin::collectors {

Probe probe_websocket(const ProbeInput& input);  // never: it has no mark of its own
std::unique_ptr<ProtocolFactory> make_websocket_factory(const PacketOptions& options, FieldNames& names);

class WebsocketParser final : public ProtocolParser {
 public:
  WebsocketParser(const WebsocketOptions& options, const WebsocketFields& fields)
      : options_(options), fields_(fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override;

 private:
  struct Side {
    std::vector<std::uint8_t> head;  // of a frame whose header is not whole
    std::uint64_t left = 0;          // payload still to come
    std::uint64_t at = 0;            // of the payload, for the mask
    std::array<std::uint8_t, 4> key{};
    bool in_frame = false;
    bool last = false;
    std::unique_ptr<WebsocketTransaction> frame;    // under way
    std::unique_ptr<WebsocketTransaction> message;  // fragmented, between its frames
    std::unique_ptr<MessageInflater> inflater;      // once a compressed message came
  };
  // Bytes used; 0: not whole.
  std::size_t header(Direction direction, Side& side, Bytes bytes);
  void payload(Side& side, Bytes bytes);
  void frame_done(Direction direction, Side& side, ParserOutput& output);
  void inflate(Side& side, WebsocketTransaction& message) const;
  void emit(Direction direction, std::unique_ptr<WebsocketTransaction> transaction, ParserOutput& output);

  const WebsocketOptions& options_;
  const WebsocketFields& fields_;
  std::array<Side, 2> side_;
  std::uint64_t transactions_ = 0;
};

}  // namespace tocsin::collectors
