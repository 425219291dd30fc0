#pragma once
// A large capture made of small ones: each recording again and again, later by an eighth of its length, its clients
// with other addresses, so that flows are new and several copies run at once. Checksums are carried along (RFC 1624).

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "collectors/packet/capture/file.h"

namespace tocsin::bench {

struct Capture {
  struct Place {
    Time time;
    std::size_t offset;
    std::size_t size;
    std::size_t wire_length;
    std::uint32_t link_type;
  };
  std::vector<std::uint8_t> bytes;
  std::vector<Place> places;

  void add(const collectors::RawFrame& frame) {
    places.push_back({frame.time, bytes.size(), frame.bytes.size(), frame.wire_length, frame.link_type});
    bytes.insert(bytes.end(), frame.bytes.begin(), frame.bytes.end());
  }
  std::vector<collectors::RawFrame> frames() const {
    std::vector<collectors::RawFrame> out;
    out.reserve(places.size());
    for (const auto& place : places) {
      collectors::RawFrame frame;
      frame.time = place.time;
      frame.number = out.size() + 1;
      frame.link_type = place.link_type;
      frame.wire_length = place.wire_length;
      frame.bytes = Bytes(bytes).subspan(place.offset, place.size);
      out.push_back(frame);
    }
    return out;
  }
};

inline Capture read_capture(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(in), {}};
  const Bytes view(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
  auto file = collectors::CaptureFile::open(source_from_memory(view));
  if (!file) throw std::runtime_error(path.string() + ": " + file.error().text());
  Capture capture;
  for (collectors::RawFrame frame;;) {
    const auto more = file->next(frame);
    if (!more) throw std::runtime_error(path.string() + ": " + more.error().text());
    if (!*more) return capture;
    capture.add(frame);
  }
}

inline std::uint16_t word(const std::uint8_t* at) { return static_cast<std::uint16_t>((at[0] << 8) | at[1]); }
inline void put_word(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void replace_in_checksum(std::uint8_t* checksum, std::uint16_t old_word, std::uint16_t new_word) {
  std::uint32_t sum = static_cast<std::uint16_t>(~word(checksum));
  sum += static_cast<std::uint16_t>(~old_word);
  sum += new_word;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  put_word(checksum, ~sum);
}

// The side with the higher port is the client; its address moves by copy × 256.
inline void move_client(std::uint8_t* frame, std::size_t size, std::uint32_t copy) {
  if (size < 42 || word(frame + 12) != 0x0800 || (frame[14] >> 4) != 4) return;
  std::uint8_t* ip = frame + 14;
  const std::size_t header = (ip[0] & 0x0fU) * 4U;
  const bool tcp = ip[9] == 6;
  if ((!tcp && ip[9] != 17) || (word(ip + 6) & 0x3fff) != 0 || header < 20) return;
  const std::size_t checksum_at = 14 + header + (tcp ? 16 : 6);
  if (checksum_at + 2 > size) return;
  std::uint8_t* transport = ip + header;
  if (word(transport) == word(transport + 2)) return;
  std::uint8_t* address = ip + (word(transport) > word(transport + 2) ? 12 : 16);
  const std::uint32_t moved = ((static_cast<std::uint32_t>(word(address)) << 16) | word(address + 2)) + (copy << 8);
  std::uint8_t* checksum = frame + checksum_at;
  const bool has_checksum = tcp || word(checksum) != 0;
  for (const int half : {0, 2}) {
    const auto replacement = static_cast<std::uint16_t>(half == 0 ? moved >> 16 : moved);
    replace_in_checksum(ip + 10, word(address + half), replacement);
    if (has_checksum) replace_in_checksum(checksum, word(address + half), replacement);
    put_word(address + half, replacement);
  }
}

inline Capture grow(const std::vector<Capture>& recordings, std::uint32_t copies) {
  Capture out;
  for (std::uint32_t copy = 0; copy < copies; ++copy)
    for (const auto& recording : recordings) {
      if (recording.places.empty()) continue;
      const auto [first, last] = std::ranges::minmax(recording.places, {}, &Capture::Place::time);
      // All recordings begin together, at the first one's time.
      const Duration shift = recordings.front().places.front().time - first.time + (last.time - first.time) / 8 * copy;
      for (const auto& place : recording.places) {
        collectors::RawFrame frame;
        frame.time = place.time + shift;
        frame.link_type = place.link_type;
        frame.wire_length = place.wire_length;
        frame.bytes = Bytes(recording.bytes).subspan(place.offset, place.size);
        out.add(frame);
        if (copy != 0) move_client(out.bytes.data() + out.places.back().offset, place.size, copy);
      }
    }
  std::ranges::stable_sort(out.places, {}, &Capture::Place::time);
  return out;
}

}  // namespace tocsin::bench
