#include "daemon/eve/file_track.h"

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/record/detail.h"
#include "collectors/packet/transaction.h"

namespace tocsin::daemon {

namespace {

// Content-Range: which bytes of a whole these are.
std::optional<FileTrack::Range> range_of(const collectors::Transaction& transaction) {
  for (std::uint32_t i = 0;; ++i) {
    const auto bytes =
        transaction.buffer(collectors::Buffer::http_response_header, collectors::Direction::to_client, i);
    if (!bytes) return std::nullopt;
    const auto line = as_text(*bytes);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), "content-range")) continue;
    auto rest = trim(line.substr(colon + 1));
    if (!rest.starts_with("bytes")) return std::nullopt;
    rest = trim(rest.substr(5));
    const auto dash = rest.find('-');
    const auto slash = rest.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
    const auto start = parse_unsigned(trim(rest.substr(0, dash)));
    const auto end = parse_unsigned(trim(rest.substr(dash + 1, slash - dash - 1)));
    if (!start || !end) return std::nullopt;
    return FileTrack::Range{*start, *end, parse_unsigned(trim(rest.substr(slash + 1))).value_or(0)};
  }
}

}  // namespace

FileTrack::FileTrack(const collectors::FileChunk& first, const EveFileOptions& options)
    : id_(first.id), direction_(first.direction), magic_wanted_(options.magic) {
  if (first.transaction != nullptr) {
    transaction_ = first.transaction->number;
    if (direction_ == collectors::Direction::to_client) range_ = range_of(*first.transaction);
  }
  if (options.keep) kept_most_ = options.kept_most;
  wanted_ = options.keep_all;
  if (options.md5) md5_.emplace(DigestKind::md5);
  if (options.sha1) sha1_.emplace(DigestKind::sha1);
  if (options.sha256) sha256_.emplace(DigestKind::sha256);
}

void FileTrack::add(const collectors::FileChunk& chunk, FileMagic& magic) {
  static constexpr std::size_t head_least = 512;
  static constexpr std::size_t head_most = 4'096;
  if (ended_) return;
  if (magic_wanted_) {
    const auto part = chunk.bytes.first(std::min(chunk.bytes.size(), head_most - head_.size()));
    head_.insert(head_.end(), part.begin(), part.end());
    if (!head_.empty() && (head_.size() >= head_least || chunk.end)) {
      magic_text_ = magic.describe(head_);
      magic_wanted_ = false;
      head_ = {};
    }
  }
  if (!chunk.name.empty()) name_ = chunk.name;
  // What is stored ends with the last part that is whole within the limit.
  cut_ = cut_ || (wanted_ && kept_most_ != 0 && size_ + chunk.bytes.size() + chunk.gap > kept_most_);
  if (cut_) return end(chunk, true);
  size_ += chunk.bytes.size() + chunk.gap;
  gaps_ = gaps_ || chunk.gap != 0;
  if (kept_most_ != 0 && bytes_.size() < kept_most_) {
    const auto part = chunk.bytes.first(std::min<std::size_t>(chunk.bytes.size(), kept_most_ - bytes_.size()));
    bytes_.insert(bytes_.end(), part.begin(), part.end());
  }
  if (!chunk.bytes.empty())
    for (auto* digest : {&md5_, &sha1_, &sha256_})
      if (*digest) (*digest)->update(chunk.bytes);
  end(chunk, chunk.truncated);
}

void FileTrack::end(const collectors::FileChunk& chunk, bool truncated) {
  if (!chunk.end) return;
  ended_ = true;
  truncated_ = truncated;
  const auto finish = [](std::optional<DigestStream>& digest, std::string& text) {
    if (digest) text = digest->finish();
    digest.reset();
  };
  finish(md5_, md5_text_);
  finish(sha1_, sha1_text_);
  finish(sha256_, sha256_text_);
}

void FileTrack::want(std::optional<std::uint32_t> rule) {
  static constexpr std::size_t rules_most = 64;
  wanted_ = true;
  if (rule && rules_.size() < rules_most && std::ranges::find(rules_, *rule) == rules_.end()) rules_.push_back(*rule);
}

std::optional<KeptFile> FileTrack::take() {
  if (!wanted_ || !ended_ || kept_ || kept_most_ == 0) return std::nullopt;
  kept_ = true;
  return KeptFile{sha256_text_, std::move(bytes_)};
}

void FileTrack::describe(JsonWriter& json) const {
  json.member("filename", collectors::record_text(name_));
  if (!rules_.empty()) {
    json.key("sid").begin_array();
    for (const auto rule : rules_) json.value(rule);
    json.end_array();
  }
  if (!magic_text_.empty()) json.member("magic", magic_text_);
  json.member("gaps", gaps_);
  json.member("state", !ended_ ? "UNKNOWN" : truncated_ ? "TRUNCATED" : "CLOSED");
  if (!truncated_) {
    if (!md5_text_.empty()) json.member("md5", md5_text_);
    if (!sha1_text_.empty()) json.member("sha1", sha1_text_);
  }
  if (!sha256_text_.empty()) json.member("sha256", sha256_text_);
  json.member("stored", kept_);
  if (kept_) json.member("file_id", 0);
  else if (wanted_) json.member("storing", true);
  json.member("size", size_);
  if (range_) json.member("start", range_->first).member("end", range_->last);
  if (transaction_) json.member("tx_id", *transaction_);
}

}  // namespace tocsin::daemon
