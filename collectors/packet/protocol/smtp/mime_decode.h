#pragma once
// The encodings of mail bodies and the parameters of mail headers (RFC 2045, RFC 2231). Tolerant: what is malformed is
// passed over and said, never refused, because readers of mail do the same. Linear in the input.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::collectors {

// Base64 in pieces of any length; line ends and foreign characters may stand anywhere.
class Base64Reader {
 public:
  // Appends what is whole. False: there was a character that does not belong.
  bool decode(std::string_view text, std::string& out);
  // Appends what an unfinished group still holds, and begins anew.
  void finish(std::string& out);

 private:
  std::array<std::uint8_t, 4> group_{};
  std::size_t held_ = 0;
  std::size_t padding_ = 0;
};

// One line of quoted-printable without its end. `soft`: it ended in '=', the next one continues it.
struct QuotedPrintableLine {
  bool valid = true;
  bool soft = false;
};
QuotedPrintableLine decode_quoted_printable(std::string_view line, std::string& out);

// The value of a parameter: filename="a;b.txt", filename*0=…, filename*=utf-8''a%20b.
std::optional<std::string> mail_parameter(std::string_view header, std::string_view name);

}  // namespace tocsin::collectors
