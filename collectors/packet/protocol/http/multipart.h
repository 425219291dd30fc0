#pragma once
// Streaming reader of multipart/form-data (RFC 7578): hands on the files of an upload piece by piece. Keeps at most one
// delimiter's length of data and the headers of one part. Linear in the bytes given.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// invalid_header: a line of a part's headers without a name. no_data: a part names a file and has no byte of it.
enum class MultipartFault : std::uint8_t { invalid_header, no_data };

class MultipartSink {
 public:
  virtual ~MultipartSink() = default;
  // Called for every part that names a file; the others are passed over.
  virtual void part_begin(std::string_view file_name, std::string_view field_name) = 0;
  virtual void part_data(Bytes bytes) = 0;
  virtual void part_end(bool whole) = 0;
  virtual void part_wrong(MultipartFault fault) = 0;
};

class Multipart {
 public:
  static constexpr std::size_t headers_most = 8'192;

  // The boundary of a Content-Type value; nothing when it is no multipart/form-data.
  static std::optional<std::string> boundary_of(std::string_view content_type);
  explicit Multipart(std::string_view boundary);

  void consume(Bytes bytes, MultipartSink& sink);
  void finish(MultipartSink& sink);

 private:
  enum class State : std::uint8_t { preamble, after_delimiter, headers, data, done };
  bool step(MultipartSink& sink);  // false: more bytes are needed
  bool step_data(std::string_view text, MultipartSink& sink);
  void begin_part(std::string_view headers, MultipartSink& sink);

  const std::string delimiter_;  // "\r\n--boundary"
  std::string buffer_ = "\r\n";  // so that the first delimiter looks like the others
  std::size_t start_ = 0;        // of what is not read yet
  State state_ = State::preamble;
  bool in_file_ = false;
  bool empty_ = true;      // the file at hand, so far
  bool at_start_ = false;  // the buffer begins with a line end that is not data
};

// The value of a parameter of a header: filename="a;b.txt".
std::optional<std::string> header_parameter(std::string_view header, std::string_view name);

}  // namespace tocsin::collectors
