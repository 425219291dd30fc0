#include "collectors/log/input/log_input.h"

#include <array>
#include <cstring>

#include "collectors/log/json/splitter.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t chunk = 64 * 1024;
constexpr std::size_t fingerprint_bytes = 1024;

}  // namespace

struct LogInput::State {
  State(std::unique_ptr<ByteSource> source, LogInputOptions given, std::shared_ptr<const DecoderSet> decoders,
        FieldNames& names)
      : options(std::move(given)),
        inflated(inflating_source(std::move(source), inflated_any)),
        lines(options.line_most),
        decoder(std::move(decoders), names, line_source()) {}

  LineSource line_source() const {
    return {.name = options.name,
            .host = options.host,
            .default_host = {},
            .clock = LineClock(options.zone, options.year),
            .kind = options.kind,
            .program = options.program,
            .masking = options.masking,
            .exercise = options.exercise};
  }

  Result<void> begin() {
    while (head < buffer.size()) {
      auto n = inflated->read(buffer.subspan(head));
      if (!n) {
        if (head == 0) return std::unexpected(std::move(n).error());
        failure = std::move(n).error();
        break;
      }
      if (*n == 0) break;
      head += *n;
      if (head >= 4 * fingerprint_bytes) break;
    }
    const Bytes bytes(buffer.data(), head);
    // A kind that was named is believed: copytruncate leaves NUL bytes in front of good lines.
    if (options.kind == LogKind::automatic) {
      const auto guessed = guess_kind(bytes);
      if (!guessed)
        return fail(Code::invalid, options.name +
                                       " holds binary data and cannot be read as a log. Check the file, or name its "
                                       "kind if it is a capture or EVTX file.");
      options.kind = *guessed;
    }
    fingerprint = hash128(bytes.subspan(0, std::min(head, fingerprint_bytes)), hash64(options.host));
    return {};
  }

  // False at the end of the input.
  Result<bool> fill() {
    if (head != 0) {
      feed({buffer.data(), head});
      head = 0;
      return true;
    }
    if (failure) return std::unexpected(*failure);
    TOCSIN_TRY(const auto n, inflated->read(buffer));
    feed({buffer.data(), n});
    return n != 0;
  }

  void feed(Bytes bytes) {
    if (options.kind == LogKind::json) documents.feed(bytes);
    else lines.feed(bytes);
  }

  bool next_piece(std::string_view& text, std::uint64_t& offset) {
    if (options.kind == LogKind::json) {
      RawDocument document;
      if (!(ended ? documents.last(document) : documents.next(document))) return false;
      text = document.text;
      offset = document.offset;
      return true;
    }
    RawLine line;
    if (!(ended ? lines.last(line) : lines.next(line))) return false;
    text = line.text;
    offset = line.offset;
    return true;
  }

  void decode(std::string_view text, std::uint64_t offset, EventBuilder& builder) {
    const std::array<std::uint64_t, 3> seed{fingerprint.high, fingerprint.low, offset};
    const auto id = hash128(text, hash64(Bytes(reinterpret_cast<const std::uint8_t*>(seed.data()), sizeof(seed))));
    ++counts.lines;
    if (!decoder.decode(text, id, options.read_at, builder)) ++counts.broken;
  }

  LogInputOptions options;
  std::unique_ptr<ByteSource> inflated;
  std::unique_ptr<std::uint8_t[]> memory = std::make_unique_for_overwrite<std::uint8_t[]>(chunk);  // not cleared
  std::span<std::uint8_t> buffer{memory.get(), chunk};
  std::size_t head = 0;  // bytes of `buffer` read before the kind was known
  std::optional<Error> failure;
  LineSplitter lines;
  JsonSplitter documents;
  LineDecoder decoder;
  Digest128 fingerprint;
  LogInputCounts counts;
  bool ended = false;
  bool drained = false;
};

LogInput::LogInput() = default;
LogInput::~LogInput() = default;
LogInput::LogInput(LogInput&&) noexcept = default;
LogInput& LogInput::operator=(LogInput&&) noexcept = default;

Result<LogInput> LogInput::open(std::unique_ptr<ByteSource> source, LogInputOptions options,
                                std::shared_ptr<const DecoderSet> decoders, FieldNames& names) {
  LogInput input;
  input.state_ = std::make_unique<State>(std::move(source), std::move(options), std::move(decoders), names);
  if (auto begun = input.state_->begin(); !begun)
    return std::unexpected(std::move(begun).error().within("while opening a log"));
  input.state_->decoder.set_kind(input.state_->options.kind);
  return input;
}

Result<bool> LogInput::next(EventBatch& batch) {
  auto& s = *state_;
  EventBuilder builder(batch);
  const auto room = [&] { return EventBatch::most_events - batch.size(); };
  while (room() >= LineDecoder::events_most) {
    std::string_view text;
    std::uint64_t offset = 0;
    if (s.next_piece(text, offset)) {
      if (!text.empty()) s.decode(text, offset, builder);
      continue;
    }
    if (s.ended) {
      if (!s.drained) s.decoder.end_input();
      s.drained = true;
      if (s.decoder.drain(room(), s.options.read_at, builder)) continue;
      if (batch.empty() && s.failure) {
        Error error = std::move(*s.failure);
        s.failure.reset();
        return std::unexpected(std::move(error));
      }
      break;
    }
    auto more = s.fill();
    if (!more) {
      s.failure = std::move(more).error();
      s.ended = true;
    } else if (!*more) {
      s.ended = true;
    }
  }
  return !batch.empty();
}

LogKind LogInput::kind() const noexcept { return state_->options.kind; }

LogInputCounts LogInput::counts() const noexcept {
  auto counts = state_->counts;
  counts.truncated = state_->lines.truncated_lines();
  counts.masked = state_->decoder.masked();
  return counts;
}

}  // namespace tocsin::collectors
