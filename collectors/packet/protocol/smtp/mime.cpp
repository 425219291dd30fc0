#include "collectors/packet/protocol/smtp/mime.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t headers_most = 1'024;     // of one entity
constexpr std::size_t header_most = 16'384;     // bytes of one, with its continuations
constexpr std::size_t header_name_usual = 75;   // RFC 2047 leaves that much room
constexpr std::size_t line_usual = 998;         // RFC 5322, section 2.1.1
constexpr std::size_t encoded_line_usual = 76;  // RFC 2045, section 6.7
constexpr std::size_t boundary_usual = 254;
constexpr std::size_t boundary_most = 1'024;
constexpr std::size_t boundaries_most = 32;  // multiparts within multiparts
constexpr std::size_t file_name_most = 255;
constexpr std::size_t attachments_most = 256;
constexpr std::size_t urls_most = 1'024;
constexpr std::size_t url_most = 4'096;
constexpr std::size_t url_line_most = 8'192;

// "text/plain" of "Text/Plain; charset=utf-8".
std::string media_type(std::string_view value) { return lower_ascii(trim(value.substr(0, value.find(';')))); }

const MailHeader* find_header(const std::vector<MailHeader>& headers, std::string_view name) noexcept {
  for (const auto& header : headers)
    if (equals_ignoring_case(header.name, name)) return &header;
  return nullptr;
}

std::size_t find_ignoring_case(std::string_view text, std::string_view wanted, std::size_t from) noexcept {
  const auto found =
      std::search(text.begin() + static_cast<std::ptrdiff_t>(std::min(from, text.size())), text.end(), wanted.begin(),
                  wanted.end(), [](char a, char b) { return to_lower_ascii(a) == to_lower_ascii(b); });
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

}  // namespace

MailReader::MailReader(const SmtpOptions& options, MailSink& sink) : options_(options), sink_(sink) {
  if (options.body_md5) body_digest_ = std::make_unique<DigestStream>(DigestKind::md5);
}

const MailHeader* MailReader::find(std::string_view name) const noexcept { return find_header(headers_, name); }

void MailReader::line(std::string_view text, std::string_view end_of_line, bool begins) {
  if (text.size() > line_usual || !begins) sink_.mail_fault(PacketEvent::smtp_mime_long_line);
  if (main_done_ && body_digest_) {
    body_digest_->update(as_bytes(text));
    body_digest_->update(as_bytes(end_of_line));
  }
  if (begins && main_done_ && boundary(text)) return;
  if (state_ == State::headers) header_line(text, end_of_line, begins);
  else body_line(text, end_of_line, begins);
}

// The longest boundary that the line begins with; one may be the beginning of another.
bool MailReader::boundary(std::string_view text) {
  if (boundaries_.empty() || !text.starts_with("--")) return false;
  std::size_t best = boundaries_.size();
  for (std::size_t i = 0; i < boundaries_.size(); ++i)
    if (text.starts_with(boundaries_[i]) &&
        (best == boundaries_.size() || boundaries_[i].size() >= boundaries_[best].size()))
      best = i;
  if (best == boundaries_.size()) return false;
  close_file(true);
  const bool last = text.substr(boundaries_[best].size()).starts_with("--");
  new_entity();
  // Parts inside are over; this multipart too, when it is its end.
  boundaries_.resize(best + (last && best != 0 ? 0 : 1));
  if (last) {
    state_ = State::body;
    text_ = false;
  }
  return true;
}

void MailReader::new_entity() {
  state_ = State::headers;
  part_headers_.clear();
  encoding_ = Encoding::plain;
  held_end_.clear();
  text_ = true;
  if (!url_line_.empty()) extract_urls(url_line_);
  url_line_.clear();
}

void MailReader::header_line(std::string_view text, std::string_view end_of_line, bool begins) {
  auto& headers = main_done_ ? part_headers_ : headers_;
  if (text.empty() && begins && !end_of_line.empty()) return header_ends();
  const bool continues = !begins || text.starts_with(' ') || text.starts_with('\t');
  if (continues) {
    if (headers.empty()) return;
    if (begins) text.remove_prefix(1);
    auto& value = headers.back().value;
    value.append(text.substr(0, header_most - std::min(header_most, value.size())));
    if (value.size() > options_.header_value_most) sink_.mail_fault(PacketEvent::smtp_mime_long_header_value);
    return;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || headers.size() >= headers_most) return;
  const std::string_view name = trim(text.substr(0, colon));
  std::string_view value = text.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (name.size() > header_name_usual) sink_.mail_fault(PacketEvent::smtp_mime_long_header_name);
  if (value.size() > options_.header_value_most) sink_.mail_fault(PacketEvent::smtp_mime_long_header_value);
  headers.push_back({std::string(name.substr(0, header_most)), std::string(value.substr(0, header_most))});
}

void MailReader::header_ends() {
  const auto& headers = main_done_ ? part_headers_ : headers_;
  state_ = State::body;
  std::string name;
  if (const auto* disposition = find_header(headers, "Content-Disposition"))
    name = mail_parameter(disposition->value, "filename").value_or("");
  if (const auto* transfer = find_header(headers, "Content-Transfer-Encoding")) {
    const auto value = lower_ascii(trim(transfer->value));
    if (value == "base64") encoding_ = Encoding::base64;
    else if (value == "quoted-printable") encoding_ = Encoding::quoted_printable;
  }
  bool message = false;
  if (const auto* type = find_header(headers, "Content-Type")) {
    if (name.empty()) name = mail_parameter(type->value, "name").value_or("");
    const auto media = media_type(type->value);
    text_ = media == "text/plain" || media == "text/html";
    message = media == "message/rfc822";
    auto mark = mail_parameter(type->value, "boundary");
    if (mark && mark->size() > boundary_usual) sink_.mail_fault(PacketEvent::smtp_mime_long_boundary);
    if (mark && !mark->empty() && boundaries_.size() < boundaries_most)
      boundaries_.push_back("--" + mark->substr(0, boundary_most));
    if (media.starts_with("multipart/")) encoding_ = Encoding::plain;
  }
  if (name.size() > file_name_most) {
    sink_.mail_fault(PacketEvent::smtp_mime_long_filename);
    name.resize(file_name_most);
  }
  if (!std::exchange(main_done_, true)) sink_.mail_headers();
  if (message) return new_entity();  // its own headers follow; no encoding may be laid over it (RFC 2046, 5.2.1)
  if (name.empty() || attachments_.size() >= attachments_most) return;
  attachments_.push_back(name);
  in_file_ = true;
  sink_.mail_file_begin(attachments_.back());
}

void MailReader::body_line(std::string_view text, std::string_view end_of_line, bool begins) {
  switch (encoding_) {
    case Encoding::plain:
      if (begins && !held_end_.empty()) deliver(held_end_);
      deliver(text);
      held_end_ = end_of_line;
      return;
    case Encoding::base64:
      if (!options_.decode_base64) return;
      if (in_file_ && text.size() > encoded_line_usual) sink_.mail_fault(PacketEvent::smtp_mime_long_enc_line);
      decoded_.clear();
      if (!base64_.decode(text, decoded_) && in_file_) sink_.mail_fault(PacketEvent::smtp_mime_invalid_base64);
      return deliver(decoded_);
    case Encoding::quoted_printable: {
      if (!options_.decode_quoted_printable) return;
      if (in_file_ && text.size() > encoded_line_usual) sink_.mail_fault(PacketEvent::smtp_mime_long_enc_line);
      decoded_.clear();
      const auto result = decode_quoted_printable(text, decoded_);
      if (!result.valid && in_file_) sink_.mail_fault(PacketEvent::smtp_mime_invalid_qp);
      if (begins && !held_end_.empty()) deliver(held_end_);
      held_end_ = result.soft ? std::string_view{} : end_of_line;
      return deliver(decoded_);
    }
  }
}

void MailReader::deliver(std::string_view text) {
  if (text.empty()) return;
  if (options_.extract_urls && (in_file_ || text_)) search_urls(text);
  if (in_file_) sink_.mail_file_data(as_bytes(text));
  sink_.mail_body();
}

// The part is over.
void MailReader::close_file(bool whole) {
  if (encoding_ == Encoding::base64) {
    decoded_.clear();
    base64_.finish(decoded_);
    deliver(decoded_);
  }
  if (std::exchange(in_file_, false)) sink_.mail_file_end(whole);
}

void MailReader::finish(bool whole) {
  close_file(whole);
  if (!url_line_.empty()) extract_urls(url_line_);
  url_line_.clear();
  if (body_digest_ && main_done_ && whole) body_md5_ = body_digest_->finish();
  body_digest_.reset();
}

// URLs do not go over a line's end, but a line may come in pieces.
void MailReader::search_urls(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t count = std::min(end == std::string_view::npos ? text.size() : end + 1,
                                       url_line_most - std::min(url_line_most, url_line_.size()));
    url_line_.append(text.substr(0, count));
    text.remove_prefix(count);
    if (url_line_.size() < url_line_most && !url_line_.ends_with('\n')) return;
    extract_urls(url_line_);
    url_line_.clear();
  }
}

// Whether a colon stands behind one of the schemes: few lines have one, and attachments are long.
bool MailReader::may_hold_url(std::string_view text) const {
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const auto ends_here = [&](std::string_view scheme) {
      return scheme.size() <= colon && equals_ignoring_case(text.substr(colon - scheme.size(), scheme.size()), scheme);
    };
    if (std::ranges::any_of(options_.url_schemes, ends_here)) return true;
  }
  return false;
}

void MailReader::extract_urls(std::string_view text) {
  if (!may_hold_url(text)) return;
  for (const auto& scheme : options_.url_schemes) {
    const std::string mark = scheme + (scheme == "mailto" ? ":" : "://");
    std::size_t at = 0;
    while (urls_.size() < urls_most && (at = find_ignoring_case(text, mark, at)) != std::string_view::npos) {
      const std::size_t end = std::min(text.find_first_of(" \"'<>]\t\r\n", at), text.size());
      const std::size_t from = options_.log_url_scheme ? at : std::min(at + mark.size(), end);
      urls_.emplace_back(text.substr(from, std::min(end - from, url_most)));
      at = std::max(end, at + mark.size());
    }
  }
}

}  // namespace tocsin::collectors
