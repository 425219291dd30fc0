#include "collectors/packet/capture/recent.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tocsin::collectors {

namespace {

constexpr std::size_t alignment = 8;
constexpr std::size_t addresses_size = 12;  // of Ethernet: the tag comes behind them
constexpr std::size_t tag_size = 4;
constexpr std::uint32_t linktype_ethernet = 1;
constexpr std::size_t largest_share = 8;  // of the memory for one frame

constexpr std::size_t aligned(std::size_t size) noexcept { return (size + alignment - 1) / alignment * alignment; }

}  // namespace

// Before the bytes of each frame. A further chain's mark has `frame` elsewhere and no bytes.
struct RecentFrames::Record {
  std::uint64_t frame = 0;
  std::uint64_t previous = 0;
  std::uint64_t number = 0;
  std::int64_t time = 0;
  std::uint32_t captured = 0;
  std::uint32_t wire = 0;
  std::uint16_t link_type = 0;  // 16 bits in every capture format
  std::uint16_t chained = 0;
  std::uint32_t behind = 0;  // the record written before this one, in units of `alignment`; 0: none
};

RecentFrames::RecentFrames(std::size_t bytes)
    : capacity_(aligned(std::clamp(bytes, bytes_least, bytes_most))),
      memory_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity_)) {}

std::uint64_t RecentFrames::reserve(std::size_t size) noexcept {
  const std::size_t room = capacity_ - written_ % capacity_;
  if (size > room) written_ += room;  // nothing is split over the end
  const auto position = written_;
  written_ += size;
  return position;
}

std::uint64_t RecentFrames::push(const RawFrame& frame) {
  const std::size_t most = capacity_ / largest_share - sizeof(Record) - tag_size;
  const std::size_t taken = std::min(frame.bytes.size(), most);
  const bool tagged = frame.vlan_tci && frame.link_type == linktype_ethernet && taken >= addresses_size;
  const std::size_t added = tagged ? tag_size : 0;
  const auto position = reserve(aligned(sizeof(Record) + taken + added));
  Record record;
  record.frame = position;
  record.number = frame.number;
  record.time = frame.time.time_since_epoch().count();
  record.captured = static_cast<std::uint32_t>(taken + added);
  record.wire = static_cast<std::uint32_t>(std::min<std::size_t>(frame.wire_length + added, UINT32_MAX));
  record.link_type = static_cast<std::uint16_t>(frame.link_type);
  record.behind = behind(position);
  std::uint8_t* to = place(position);
  std::memcpy(to, &record, sizeof record);
  to += sizeof record;
  if (tagged) {
    std::memcpy(to, frame.bytes.data(), addresses_size);
    const std::uint8_t tag[tag_size] = {0x81, 0x00, static_cast<std::uint8_t>(*frame.vlan_tci >> 8),
                                        static_cast<std::uint8_t>(*frame.vlan_tci)};
    std::memcpy(to + addresses_size, tag, tag_size);
    std::memcpy(to + addresses_size + tag_size, frame.bytes.data() + addresses_size, taken - addresses_size);
  } else if (taken != 0) {
    std::memcpy(to, frame.bytes.data(), taken);
  }
  return position;
}

std::uint64_t RecentFrames::link(std::uint64_t frame, std::uint64_t previous) {
  if (!intact(frame)) return 0;
  Record record = read(frame);
  if (record.chained == 0) {
    record.chained = 1;
    record.previous = previous;
    std::memcpy(place(frame), &record, sizeof record);
    return frame;
  }
  Record mark;
  mark.frame = record.frame;
  mark.previous = previous;
  mark.chained = 1;
  const auto position = reserve(aligned(sizeof mark));
  mark.behind = behind(position);
  std::memcpy(place(position), &mark, sizeof mark);
  return position;
}

// Distances are at most the memory and one record, so they fit.
std::uint32_t RecentFrames::behind(std::uint64_t position) noexcept {
  const auto before = std::exchange(newest_, position);
  return before == 0 ? 0 : static_cast<std::uint32_t>((position - before) / alignment);
}

std::uint64_t RecentFrames::newest() const noexcept { return frame_at_or_before(newest_); }

std::uint64_t RecentFrames::before(std::uint64_t position) const noexcept {
  if (!intact(position)) return 0;
  const auto behind = read(position).behind;
  return behind == 0 ? 0 : frame_at_or_before(position - std::uint64_t{behind} * alignment);
}

// Marks of chains lie between the frames.
std::uint64_t RecentFrames::frame_at_or_before(std::uint64_t position) const noexcept {
  while (intact(position)) {
    const Record record = read(position);
    if (record.frame == position) return position;
    if (record.behind == 0) return 0;
    position -= std::uint64_t{record.behind} * alignment;
  }
  return 0;
}

bool RecentFrames::intact(std::uint64_t position) const noexcept {
  return position != 0 && position < written_ && written_ - position <= capacity_;
}

RecentFrames::Record RecentFrames::read(std::uint64_t position) const noexcept {
  Record record;
  std::memcpy(&record, place(position), sizeof record);
  return record;
}

std::optional<RecentFrames::Frame> RecentFrames::at(std::uint64_t position) const {
  if (!intact(position)) return std::nullopt;
  const Record chain = read(position);
  if (!intact(chain.frame)) return std::nullopt;
  const Record record = read(chain.frame);
  return Frame{Time{Duration{record.time}},
               record.number,
               chain.previous,
               record.link_type,
               record.wire,
               Bytes(place(chain.frame) + sizeof(Record), record.captured)};
}

}  // namespace tocsin::collectors
