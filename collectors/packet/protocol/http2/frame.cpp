#include "collectors/packet/protocol/http2/frame.h"

#include <array>

namespace tocsin::collectors {
namespace {

constexpr auto frames = std::to_array<Http2Name>({{0, "DATA", "DATA"},
                                                  {1, "HEADERS", "HEADERS"},
                                                  {2, "PRIORITY", "PRIORITY"},
                                                  {3, "RST_STREAM", "RSTSTREAM"},
                                                  {4, "SETTINGS", "SETTINGS"},
                                                  {5, "PUSH_PROMISE", "PUSHPROMISE"},
                                                  {6, "PING", "PING"},
                                                  {7, "GOAWAY", "GOAWAY"},
                                                  {8, "WINDOW_UPDATE", "WINDOWUPDATE"},
                                                  {9, "CONTINUATION", "CONTINUATION"}});
constexpr auto errors = std::to_array<Http2Name>({{0, "NO_ERROR", "NOERROR"},
                                                  {1, "PROTOCOL_ERROR", "PROTOCOLERROR"},
                                                  {2, "INTERNAL_ERROR", "INTERNALERROR"},
                                                  {3, "FLOW_CONTROL_ERROR", "FLOWCONTROLERROR"},
                                                  {4, "SETTINGS_TIMEOUT", "SETTINGSTIMEOUT"},
                                                  {5, "STREAM_CLOSED", "STREAMCLOSED"},
                                                  {6, "FRAME_SIZE_ERROR", "FRAMESIZEERROR"},
                                                  {7, "REFUSED_STREAM", "REFUSEDSTREAM"},
                                                  {8, "CANCEL", "CANCEL"},
                                                  {9, "COMPRESSION_ERROR", "COMPRESSIONERROR"},
                                                  {10, "CONNECT_ERROR", "CONNECTERROR"},
                                                  {11, "ENHANCE_YOUR_CALM", "ENHANCEYOURCALM"},
                                                  {12, "INADEQUATE_SECURITY", "INADEQUATESECURITY"},
                                                  {13, "HTTP_1_1_REQUIRED", "HTTP11REQUIRED"}});
constexpr auto settings_known =
    std::to_array<Http2Name>({{1, "SETTINGS_HEADER_TABLE_SIZE", "SETTINGSHEADERTABLESIZE"},
                              {2, "SETTINGS_ENABLE_PUSH", "SETTINGSENABLEPUSH"},
                              {3, "SETTINGS_MAX_CONCURRENT_STREAMS", "SETTINGSMAXCONCURRENTSTREAMS"},
                              {4, "SETTINGS_INITIAL_WINDOW_SIZE", "SETTINGSINITIALWINDOWSIZE"},
                              {5, "SETTINGS_MAX_FRAME_SIZE", "SETTINGSMAXFRAMESIZE"},
                              {6, "SETTINGS_MAX_HEADER_LIST_SIZE", "SETTINGSMAXHEADERLISTSIZE"}});

}  // namespace

std::span<const Http2Name> http2_frame_names() noexcept { return frames; }
std::span<const Http2Name> http2_error_names() noexcept { return errors; }
std::span<const Http2Name> http2_setting_names() noexcept { return settings_known; }

Http2FrameHeader parse_http2_frame_header(Bytes bytes) noexcept {
  ByteReader reader(bytes);
  Http2FrameHeader out;
  out.length = reader.u24();
  out.type = reader.u8();
  out.flags = reader.u8();
  out.stream = reader.u32() & 0x7FFFFFFFU;
  return out;
}

std::optional<Http2Frame> parse_http2_frame(const Http2FrameHeader& header, Bytes payload) {
  static constexpr std::size_t settings_most = 128;
  Http2Frame out;
  out.type = header.type;
  ByteReader reader(payload);
  switch (static_cast<Http2FrameType>(header.type)) {
    case Http2FrameType::priority:
      reader.skip(4);
      out.weight = reader.u8();
      break;
    case Http2FrameType::reset_stream: out.error = reader.u32(); break;
    case Http2FrameType::settings:
      if (payload.size() % 6 != 0) return std::nullopt;
      while (reader.remaining() >= 6 && out.settings.size() < settings_most) {
        const std::uint16_t id = reader.u16();
        out.settings.emplace_back(id, reader.u32());
      }
      break;
    case Http2FrameType::go_away:
      reader.skip(4);
      out.error = reader.u32();
      break;
    case Http2FrameType::window_update: out.window = reader.u32() & 0x7FFFFFFFU; break;
    default: break;
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace tocsin::collectors
