#pragma once
// SMB over TCP, directly or in NetBIOS sessions (RFC 1002 4.3): cuts the stream into frames and messages. Payload of
// large WRITEs and READs goes on as it comes; other messages are kept until whole, up to a cap. After a loss it looks
// for the next frame that begins like one.

#include <array>
#include <memory>
#include <vector>

#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/protocol/smb/session.h"

namespace tocsin::collectors {

inline constexpr std::array<std::uint16_t, 2> smb_ports{445, 139};
Probe probe_smb(const ProbeInput& input);
std::unique_ptr<ProtocolFactory> make_smb_factory(const PacketOptions& options, FieldNames& names);

class SmbParser final : public ProtocolParser {
 public:
  SmbParser(const SmbOptions& options, const SmbFields& fields) : options_(options), session_(options, fields) {}

  ParserState consume(Direction direction, Bytes bytes, Time time, ParserOutput& output) override;
  ParserState gap(Direction direction, std::uint64_t count, Time time, ParserOutput& output) override;
  void finish(ParserOutput& output) override { session_.finish(output); }

 private:
  enum class Stage : std::uint8_t { frame, message, payload, skip, lost };
  struct Side {
    Stage stage = Stage::frame;
    std::vector<std::uint8_t> partial;  // of a frame's or message's head, or of a whole message
    std::uint32_t frame_left = 0;       // of the frame, `partial` and what follows
    std::uint64_t left = 0;             // payload: bytes of the file still to come
  };
  // One step over what is at hand; how many bytes it used, or nothing when it wants `wanted` in all.
  struct Step {
    bool ready = true;
    std::size_t amount = 0;  // used, or wanted
  };
  Step step(Direction direction, Bytes bytes, ParserOutput& output);
  Step frame(Direction direction, Bytes bytes, ParserOutput& output);
  Step message(Direction direction, Bytes bytes, ParserOutput& output);
  Step flow_on(Direction direction, Bytes bytes, ParserOutput& output);
  void used(Side& side, std::size_t count) noexcept;
  bool find_frame(Side& side, Bytes& bytes) const noexcept;

  const SmbOptions& options_;
  SmbSession session_;
  std::array<Side, 2> side_;
};

}  // namespace tocsin::collectors
