// rooms: packet
// A mail message: its first byte chooses where it is cut into lines of pieces, the rest is the message. Whatever is cut
// how, what comes out of it must be the same.
#include <cstdlib>
#include <string>

#include "collectors/packet/protocol/line_reader.h"
#include "collectors/packet/protocol/smtp/mime.h"

namespace {

using namespace tocsin;
using namespace tocsin::collectors;

class Sink final : public MailSink {
 public:
  void mail_headers() override { text += "headers\n"; }
  void mail_body() override {}
  void mail_file_begin(std::string_view name) override { text.append("file ").append(name) += '\n'; }
  void mail_file_data(Bytes bytes) override { text.append(as_text(bytes)); }
  void mail_file_end(bool whole) override { text += whole ? "end\n" : "cut\n"; }
  void mail_fault(PacketEvent) override {}

  std::string text;
};

std::string read(Bytes message, std::size_t step) {
  static const SmtpOptions options;
  Sink sink;
  MailReader reader(options, sink);
  LineReader lines;
  LineReader::Line line;
  while (!message.empty()) {
    Bytes part = message.first(std::min(step, message.size()));
    message = message.subspan(part.size());
    while (lines.next(part, options.line_most, line)) reader.line(line.text, line.end_of_line, line.begins);
  }
  if (!lines.kept().empty()) reader.line(lines.kept(), {}, lines.at_beginning());
  reader.finish(true);
  for (const auto& url : reader.urls()) sink.text += url + '\n';
  for (const auto& name : reader.attachments()) sink.text += name + '\n';
  for (const auto& header : reader.headers()) sink.text += header.name + ": " + header.value + '\n';
  return sink.text + reader.body_md5();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes message(data + 1, size - 1);
  if (read(message, size) != read(message, 1U + data[0])) std::abort();
  return 0;
}
