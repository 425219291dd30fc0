// rooms: log
// A whole log as it lies on disk: inflated, its kind guessed, split, decoded. In whatever pieces it is read, the events
// are the same, and each line is counted once.
#include <cstdlib>

#include "collectors/log/input/log_input.h"

using namespace tocsin;
using namespace tocsin::collectors;

namespace {

struct Outcome {
  std::vector<EventId> ids;
  std::uint64_t lines = 0;
  bool failed = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

constexpr std::size_t batches_most = 64;  // what a bomb holds beyond is not what is looked for here

std::unique_ptr<ByteSource> in_pieces(const std::vector<std::uint8_t>& bytes, std::size_t piece) {
  return source_from_callback(
      [whole = std::shared_ptr<ByteSource>(source_from_memory(bytes)), piece](std::span<std::uint8_t> into) {
        return whole->read(into.first(std::min(into.size(), piece)));
      });
}

Outcome read(const std::vector<std::uint8_t>& bytes, LogKind kind, std::size_t piece) {
  static FieldNames names;
  static const auto decoders = [] {
    const char* given = std::getenv("TOCSIN_DECODERS");
    const auto sources = read_decoder_directory(given == nullptr ? "etc/decoders" : given);
    Diagnostics diagnostics;
    if (!sources) std::abort();
    return compile_decoders(*sources, names, diagnostics);
  }();
  Outcome out;
  LogInputOptions options;
  options.name = "file:fuzz";
  options.kind = kind;
  options.year = 2024;
  options.line_most = 2048;
  auto input = LogInput::open(in_pieces(bytes, piece), options, decoders, names);
  if (!input) {
    out.failed = true;
    return out;
  }
  for (std::size_t batches = 0; batches < batches_most; ++batches) {
    EventBatch batch;
    const auto more = input->next(batch);
    for (const auto& event : batch.events()) out.ids.push_back(event.header().id);
    if (!more) out.failed = true;
    if (!more || !*more) break;
  }
  out.lines = input->counts().lines;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::vector<std::uint8_t> bytes(data + 1, data + size);
  const auto kind = static_cast<LogKind>(data[0] % 5);
  const auto whole = read(bytes, kind, bytes.size() + 1);
  if (size < 8192 && read(bytes, kind, 13) != whole) std::abort();
  return 0;
}
