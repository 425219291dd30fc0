#include "collectors/packet/protocol/imap/parser.h"

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/factory.h"
#include "collectors/packet/protocol/word_probe.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t line_most = 512;

Probe welcome(std::string_view text) noexcept {
  static constexpr std::array<std::string_view, 3> words{"* OK ", "* PREAUTH ", "* BYE "};
  return probe_words(text, words);
}

// "A001 LOGIN …"
Probe command(std::string_view text) noexcept {
  const std::size_t blank = text.find(' ');
  static constexpr std::size_t tag_most = 16;
  const auto tag = text.substr(0, std::min(blank, tag_most));
  const bool plain = std::ranges::all_of(
      tag, [](char c) { return (c >= '0' && c <= '9') || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z'); });
  if (!plain || tag.empty()) return Probe::no;
  if (blank == std::string_view::npos) return text.size() < tag_most ? Probe::more : Probe::no;
  const auto rest = text.substr(blank + 1);
  static constexpr std::array<std::string_view, 5> words{"CAPABILITY\r\n", "LOGIN ", "AUTHENTICATE ", "STARTTLS\r\n",
                                                         "ID ("};
  return probe_words(rest, words);
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_imap_factory(const PacketOptions&, FieldNames&) {
  return factory_of<ImapParser>();
}

Probe probe_imap(const ProbeInput& input) {
  const std::string_view text = as_text(input.bytes);
  const bool to_server = input.direction == Direction::to_server;
  const Probe usual = to_server ? command(text) : welcome(text);
  if (usual != Probe::no || !input.beginning_unseen) return usual;
  const Probe turned = to_server ? welcome(text) : command(text);
  return turned == Probe::yes ? Probe::reversed : Probe::no;
}

ParserState ImapParser::consume(Direction direction, Bytes bytes, Time, ParserOutput&) {
  auto& lines = lines_[index(direction)];
  LineReader::Line line;
  while (lines.next(bytes, line_most, line)) {
    if (!line.begins) continue;
    const std::size_t blank = line.text.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto tag = line.text.substr(0, blank);
    const auto rest = line.text.substr(blank + 1);
    if (direction == Direction::to_server) {
      if (equals_ignoring_case(trim(rest), "STARTTLS")) start_tls_ = tag;
      continue;
    }
    if (start_tls_.empty() || tag != start_tls_) continue;
    start_tls_.clear();
    if (probe_word(rest, "OK") != Probe::yes) continue;
    leftover_[index(direction)].assign(bytes.begin(), bytes.end());
    const auto kept = as_bytes(lines_[index(opposite(direction))].kept());
    leftover_[index(opposite(direction))].assign(kept.begin(), kept.end());
    return ParserState::restart;
  }
  return ParserState::more;
}

ParserState ImapParser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  lines_[index(direction)].lose();
  return ParserState::more;
}

}  // namespace tocsin::collectors
