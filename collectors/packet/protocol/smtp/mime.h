#pragma once
// A mail message (RFC 5322, MIME RFC 2045-2049) line by line: its headers, the files in its parts decoded, the URLs in
// its text. Nested multiparts and messages within messages are walked without recursion. Keeps the headers, one line
// and what is listed below, each with a cap; linear in the input.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/digest.h"
#include "collectors/packet/options.h"
#include "collectors/packet/packet_event.h"
#include "collectors/packet/protocol/smtp/mime_decode.h"

namespace tocsin::collectors {

class MailSink {
 public:
  virtual ~MailSink() = default;
  virtual void mail_headers() = 0;  // of the message itself are whole
  virtual void mail_body() = 0;     // more of it
  virtual void mail_file_begin(std::string_view name) = 0;
  virtual void mail_file_data(Bytes bytes) = 0;
  virtual void mail_file_end(bool whole) = 0;
  virtual void mail_fault(PacketEvent event) = 0;
};

struct MailHeader {
  std::string name;
  std::string value;
};

class MailReader {
 public:
  MailReader(const SmtpOptions& options, MailSink& sink);

  // A line, or a piece of one that is too long to wait for: `begins` with the first piece, `end_of_line` ("\r\n", "\n")
  // comes with the last.
  void line(std::string_view text, std::string_view end_of_line, bool begins);
  void finish(bool whole);

  const std::vector<MailHeader>& headers() const noexcept { return headers_; }
  const MailHeader* find(std::string_view name) const noexcept;
  const std::vector<std::string>& attachments() const noexcept { return attachments_; }
  const std::vector<std::string>& urls() const noexcept { return urls_; }
  const std::string& body_md5() const noexcept { return body_md5_; }

 private:
  enum class State : std::uint8_t { headers, body };
  enum class Encoding : std::uint8_t { plain, base64, quoted_printable };

  bool boundary(std::string_view text);
  void header_line(std::string_view text, std::string_view end_of_line, bool begins);
  void header_ends();
  void body_line(std::string_view text, std::string_view end_of_line, bool begins);
  void deliver(std::string_view text);
  void new_entity();
  void close_file(bool whole);
  void search_urls(std::string_view text);
  bool may_hold_url(std::string_view text) const;
  void extract_urls(std::string_view text);

  const SmtpOptions& options_;
  MailSink& sink_;
  State state_ = State::headers;
  bool main_done_ = false;
  std::vector<MailHeader> headers_;       // of the message itself
  std::vector<MailHeader> part_headers_;  // of the part at hand
  std::vector<std::string> boundaries_;   // "--" and the boundary; the innermost last
  Encoding encoding_ = Encoding::plain;
  Base64Reader base64_;
  std::string held_end_;  // a line end that belongs to the part unless a boundary follows
  std::string decoded_;
  std::string url_line_;
  bool in_file_ = false;
  bool text_ = true;
  std::vector<std::string> attachments_;
  std::vector<std::string> urls_;
  std::unique_ptr<DigestStream> body_digest_;
  std::string body_md5_;
};

}  // namespace tocsin::collectors
