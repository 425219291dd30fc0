#pragma once
// One HTTP/1 request and its answer. Filled by the parser; everything is copied out of libhtp, so that it lives on its
// own until the observers are done with it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/seldom.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/http/buffers.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

struct HttpHeader {
  std::string name;   // as sent
  std::string value;  // unfolded; repeated headers are joined by ", "
};

// A file within one side: the body itself, or a part of an upload.
struct HttpFile {
  std::uint32_t id = 0;
  std::string name;
  std::vector<std::uint8_t> data;  // up to the body limit
  std::uint64_t size = 0;          // all of it
  bool open = true;
};

struct HttpSide {
  std::uint8_t progress = 0;
  std::string line;
  std::string protocol;  // "HTTP/1.1"
  std::string header_raw;
  std::vector<HttpHeader> headers;
  std::vector<std::uint8_t> body;  // decoded, up to the limit
  std::uint64_t body_size = 0;     // all of it, decoded
  std::uint64_t body_gaps = 0;     // bytes lost within it
  std::vector<HttpFile> files;

  const HttpHeader* find(std::string_view name) const noexcept;  // case does not matter
};

class HttpTransaction final : public Transaction {
 public:
  HttpTransaction() { protocol = Protocol::http; }

  HttpSide& side(Direction direction) noexcept { return side_[collectors::index(direction)]; }
  const HttpSide& side(Direction direction) const noexcept { return side_[collectors::index(direction)]; }
  void raise(PacketEvent event) { events.set(static_cast<std::size_t>(event)); }

  std::string method;
  std::string uri;      // normalised: decoded path and query
  std::string uri_raw;  // as sent
  std::string path;     // of `uri`
  std::string host;     // lower case, without port
  std::string host_raw;
  int port = 0;  // stated in URI or Host; 0 = not
  std::string status_text;
  std::string status_message;
  unsigned status = 0;
  std::uint64_t response_length = 0;  // of the body as it was sent: compressed, in chunks
  bool request_seen = false;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override { return side(direction).progress; }
  bool complete(Direction direction) const override { return side(direction).progress >= http_progress::complete; }
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void describe_basic(JsonWriter& json) const;
  void describe_extended(JsonWriter& json) const;
  struct Derived {
    std::optional<std::string> header;
    std::optional<std::string> names;
    std::optional<std::string> start;
    std::vector<std::string> lines;  // "name: value"
  };
  std::optional<Bytes> line_buffer(Buffer buffer, Direction direction) const;
  std::optional<Bytes> header_buffer(Buffer buffer, Direction direction) const;
  std::optional<Bytes> body_buffer(Buffer buffer, Direction direction, std::uint32_t index) const;
  const std::string& header_text(Direction direction) const;
  const std::string& names_text(Direction direction) const;
  const std::string& start_text(Direction direction) const;

  std::array<HttpSide, 2> side_;
  mutable std::array<Seldom<Derived>, 2> derived_;  // built when first asked for
};

}  // namespace tocsin::collectors
