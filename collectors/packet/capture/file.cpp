#include "collectors/packet/capture/file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t magic_micro = 0xa1b2c3d4;
constexpr std::uint32_t magic_nano = 0xa1b23c4d;
constexpr std::uint32_t magic_pcapng = 0x0a0d0d0a;
constexpr std::size_t read_size = 64 * 1024;

std::uint32_t little32(Bytes b, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(b[at] | (b[at + 1] << 8) | (b[at + 2] << 16)) |
         (static_cast<std::uint32_t>(b[at + 3]) << 24);
}
std::uint32_t big32(Bytes b, std::size_t at) noexcept { return __builtin_bswap32(little32(b, at)); }

}  // namespace

bool is_capture(Bytes head) noexcept {
  if (head.size() < 4) return false;
  for (const auto magic : {little32(head, 0), big32(head, 0)})
    if (magic == magic_micro || magic == magic_nano || magic == magic_pcapng) return true;
  return false;
}

Result<CaptureFile> CaptureFile::open(std::unique_ptr<ByteSource> source, std::uint64_t inflated_most) {
  CaptureFile file(inflating_source(std::move(source), inflated_most));
  TOCSIN_TRY(const Bytes head, file.ahead(24));
  if (head.empty()) return fail(Code::invalid, "the capture is empty");
  if (!is_capture(head)) return fail(Code::invalid, "this is neither pcap nor pcapng");
  if (little32(head, 0) == magic_pcapng) {
    file.format_ = Format::pcapng;
    return file;
  }
  if (head.size() < 24) return fail(Code::invalid, "the capture ends within its file header");
  file.swapped_ = little32(head, 0) != magic_micro && little32(head, 0) != magic_nano;
  file.nanoseconds_ = file.number32(head, 0) == magic_nano;
  file.link_type_ = file.number32(head, 20) & 0xFFFF;  // the upper bits describe the frame check sequence
  file.consume(24);
  return file;
}

std::uint32_t CaptureFile::number32(Bytes bytes, std::size_t at) const noexcept {
  return swapped_ ? big32(bytes, at) : little32(bytes, at);
}
std::uint16_t CaptureFile::number16(Bytes bytes, std::size_t at) const noexcept {
  return static_cast<std::uint16_t>(swapped_ ? (bytes[at] << 8) | bytes[at + 1] : bytes[at] | (bytes[at + 1] << 8));
}

Result<Bytes> CaptureFile::ahead(std::size_t count) {
  while (end_ - start_ < count && !exhausted_) {
    if (start_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
      end_ -= start_;
      start_ = 0;
    }
    // Grows with what really arrives, never by what a header claims.
    if (buffer_.size() - end_ < read_size) buffer_.resize(std::max(buffer_.size() * 2, read_size * 2));
    auto got = source_->read(std::span(buffer_).subspan(end_));
    if (!got) {
      if (got.error().code != Code::invalid && got.error().code != Code::exhausted)
        return std::unexpected(std::move(got).error());
      exhausted_ = true;
      cut(got.error().message);
      break;
    }
    if (*got == 0) exhausted_ = true;
    end_ += *got;
  }
  return Bytes(buffer_.data() + start_, end_ - start_);
}

bool CaptureFile::cut(std::string message) {
  status_.truncated = true;
  if (status_.message.empty()) status_.message = std::move(message);
  return false;
}

Result<bool> CaptureFile::next(RawFrame& frame) {
  consume(std::exchange(pending_, 0));
  frame = RawFrame{};
  bool found = false;
  while (!found && !finished_) {
    auto more = format_ == Format::pcap ? next_pcap(frame) : next_block(frame, found);
    if (!more) return more;
    if (!*more) finished_ = true;
    else if (format_ == Format::pcap) found = true;
  }
  if (!found) return false;
  ++status_.frames;
  status_.bytes += frame.bytes.size();
  frame.number = status_.frames;
  frame.wire_length = std::max(frame.wire_length, frame.bytes.size());
  return true;
}

Result<bool> CaptureFile::next_pcap(RawFrame& frame) {
  TOCSIN_TRY(const Bytes header, ahead(16));
  if (header.empty()) return false;
  const auto place = [&] { return " after frame " + std::to_string(status_.frames); };
  if (header.size() < 16) return cut("the capture is cut within a record header" + place());
  const std::size_t captured = number32(header, 8);
  if (captured > frame_size_most)
    return cut("a record claims " + std::to_string(captured) + " bytes" + place() + "; the rest is not readable");
  const std::uint64_t fraction = number32(header, 4);
  frame.time = Time{std::chrono::seconds(number32(header, 0)) +
                    std::chrono::nanoseconds(nanoseconds_ ? fraction : fraction * 1000)};
  frame.link_type = link_type_;
  frame.wire_length = number32(header, 12);
  TOCSIN_TRY(const Bytes record, ahead(16 + captured));
  if (record.size() < 16 + captured) return cut("the capture is cut within a frame" + place());
  frame.bytes = record.subspan(16, captured);
  pending_ = 16 + captured;
  return true;
}

Result<bool> CaptureFile::next_block(RawFrame& frame, bool& found) {
  consume(std::exchange(pending_, 0));
  TOCSIN_TRY(const Bytes header, ahead(12));
  if (header.empty()) return false;
  const auto place = [&] { return " after frame " + std::to_string(status_.frames); };
  if (header.size() < 12) return cut("the capture is cut within a block header" + place());
  const bool section = little32(header, 0) == magic_pcapng;
  if (section) {
    static constexpr std::uint32_t byte_order = 0x1a2b3c4d;
    if (little32(header, 8) != byte_order && big32(header, 8) != byte_order)
      return cut("a section header has an unknown byte order" + place());
    swapped_ = big32(header, 8) == byte_order;
    interfaces_.clear();
  }
  const std::size_t length = number32(header, 4);
  if (length < 12 || length % 4 != 0 || length > block_size_most)
    return cut("a block claims " + std::to_string(length) + " bytes" + place() + "; the rest is not readable");
  TOCSIN_TRY(const Bytes block, ahead(length));
  if (block.size() < length) return cut("the capture is cut within a block" + place());
  pending_ = length;
  const Bytes body = block.subspan(8, length - 12);
  bool good = true;
  switch (section ? magic_pcapng : number32(block, 0)) {
    case 1: good = read_interface(body); break;
    case 2:
    case 6: found = good = read_enhanced(block.first(length - 4), frame); break;
    case 3: found = good = read_simple(body, frame); break;
    default: break;  // statistics, names, comments
  }
  if (!good) return cut("a block is malformed" + place());
  return true;
}

bool CaptureFile::read_interface(Bytes body) {
  if (body.size() < 8 || interfaces_.size() >= interfaces_most) return false;
  Interface interface;
  interface.link_type = number16(body, 0);
  interface.snap_length = number32(body, 4);
  std::size_t at = 8;
  while (at + 4 <= body.size()) {
    const auto code = number16(body, at);
    const std::size_t length = number16(body, at + 2);
    if (code == 0 || at + 4 + length > body.size()) break;
    if (code == 9 && length >= 1) {  // if_tsresol
      const std::uint8_t resolution = body[at + 4];
      std::uint64_t ticks = 1;
      const std::uint32_t power = resolution & 0x7FU;
      if ((resolution & 0x80U) != 0) {
        if (power > 62) return false;
        ticks = 1ULL << power;
      } else {
        if (power > 18) return false;
        for (std::uint32_t i = 0; i < power; ++i) ticks *= 10;
      }
      interface.ticks_per_second = ticks;
    } else if (code == 14 && length >= 8) {  // if_tsoffset
      const std::uint64_t first = number32(body, at + 4);
      const std::uint64_t second = number32(body, at + 8);
      interface.offset_seconds = static_cast<std::int64_t>(swapped_ ? (first << 32) | second : (second << 32) | first);
    }
    at += 4 + ((length + 3) & ~std::size_t{3});
  }
  interfaces_.push_back(interface);
  return true;
}

namespace {

// Saturates: a hostile stamp must not overflow.
Time time_of(std::uint64_t ticks, std::uint64_t per_second, std::int64_t offset) noexcept {
  static constexpr std::int64_t most = 9'000'000'000;  // below the end of 64-bit nanoseconds, year 2255
  const auto whole = static_cast<std::int64_t>(std::min<std::uint64_t>(ticks / per_second, most));
  const auto seconds = std::clamp<std::int64_t>(whole + std::clamp(offset, -most, most), 0, most);
  const auto part = static_cast<unsigned __int128>(ticks % per_second) * 1'000'000'000U / per_second;
  return Time{std::chrono::seconds(seconds) + std::chrono::nanoseconds(static_cast<std::int64_t>(part))};
}

}  // namespace

// Enhanced packet block, and the obsolete packet block, whose interface number has 16 bits.
bool CaptureFile::read_enhanced(Bytes block, RawFrame& frame) {
  if (block.size() < 28) return false;
  const std::size_t interface = number32(block, 0) == 6 ? number32(block, 8) : number16(block, 8);
  const std::size_t captured = number32(block, 20);
  if (interface >= interfaces_.size() || captured > frame_size_most || captured > block.size() - 28) return false;
  const auto& from = interfaces_[interface];
  const std::uint64_t ticks = (std::uint64_t{number32(block, 12)} << 32) | number32(block, 16);
  frame.time = time_of(ticks, from.ticks_per_second, from.offset_seconds);
  frame.interface = static_cast<std::uint32_t>(interface);
  frame.link_type = from.link_type;
  frame.wire_length = number32(block, 24);
  frame.bytes = block.subspan(28, captured);
  return true;
}

bool CaptureFile::read_simple(Bytes body, RawFrame& frame) {
  if (body.size() < 4 || interfaces_.empty()) return false;
  const auto& from = interfaces_.front();
  frame.wire_length = number32(body, 0);
  std::size_t captured = std::min(frame.wire_length, body.size() - 4);
  if (from.snap_length != 0) captured = std::min<std::size_t>(captured, from.snap_length);
  if (captured > frame_size_most) return false;
  frame.link_type = from.link_type;
  frame.bytes = body.subspan(4, captured);
  return true;
}

}  // namespace tocsin::collectors
