#include "collectors/packet/protocol/dnp3/object.h"

#include <algorithm>
#include <array>
#include <bit>

namespace tocsin::collectors {
namespace {

// Layouts in a small language: `type:name` items. 1-8 are bits of the byte at hand (lowest first), B H I L an unsigned
// number of 1, 2, 4, 8 bytes, T one of 6, h i a signed one of 2, 4, f d a real of 4, 8, s a text whose length the item
// named third holds, r the rest of a sized point, p1 and p2 packed bits of all points together.
struct Layout {
  std::uint8_t group;
  std::uint8_t variation;
  std::string_view items;
};

#define TOCSIN_STATE "1:online,1:restart,1:comm_lost,1:remote_forced,1:local_forced,"
#define TOCSIN_BINARY TOCSIN_STATE "1:chatter_filter,1:reserved,1:state"
#define TOCSIN_DOUBLE TOCSIN_STATE "1:chatter_filter,2:state"
#define TOCSIN_OUTPUT TOCSIN_STATE "1:reserved0,1:reserved1,1:state"
#define TOCSIN_COUNTER TOCSIN_STATE "1:rollover,1:discontinuity,1:reserved0"
#define TOCSIN_ANALOG TOCSIN_STATE "1:over_range,1:reference_err,1:reserved0"
#define TOCSIN_ANALOG_OUT TOCSIN_STATE "1:over_range,1:reference_err,1:reserved0"
#define TOCSIN_CONTROL "4:op_type,1:qu,1:cr,2:tcc,B:count,I:ontime,I:offtime,7:status_code,1:reserved"

constexpr auto layouts = std::to_array<Layout>({
    {1, 1, "p1:state"},
    {1, 2, TOCSIN_BINARY},
    {2, 1, "B:state"},
    {2, 2, TOCSIN_BINARY ",T:timestamp"},
    {2, 3, TOCSIN_BINARY ",H:timestamp"},
    {3, 1, "p2:state"},
    {3, 2, TOCSIN_DOUBLE},
    {4, 1, TOCSIN_DOUBLE},
    {4, 2, TOCSIN_DOUBLE ",T:timestamp"},
    {4, 3, TOCSIN_DOUBLE ",H:relative_time_ms"},
    {10, 1, "p1:state"},
    {10, 2, TOCSIN_OUTPUT},
    {11, 1, TOCSIN_OUTPUT},
    {11, 2, TOCSIN_OUTPUT ",T:timestamp"},
    {12, 1, TOCSIN_CONTROL},
    {12, 2, TOCSIN_CONTROL},
    {12, 3, "p1:point"},
    {13, 1, "7:status_code,1:commanded_state"},
    {13, 2, "7:status_code,1:commanded_state,T:timestamp"},
    {20, 1, TOCSIN_COUNTER ",I:count"},
    {20, 2, TOCSIN_COUNTER ",H:count"},
    {20, 3, TOCSIN_COUNTER ",I:count"},
    {20, 4, TOCSIN_COUNTER ",H:count"},
    {20, 5, "I:count"},
    {20, 6, "H:count"},
    {20, 7, "I:count"},
    {20, 8, "H:count"},
    {21, 1, TOCSIN_COUNTER ",I:count"},
    {21, 2, TOCSIN_COUNTER ",H:count"},
    {21, 3, TOCSIN_COUNTER ",I:count"},
    {21, 4, TOCSIN_COUNTER ",H:count"},
    {21, 5, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {21, 6, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {21, 7, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {21, 8, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {21, 9, "I:count"},
    {21, 10, "H:count"},
    {21, 11, "I:count"},
    {21, 12, "H:count"},
    {22, 1, TOCSIN_COUNTER ",I:count"},
    {22, 2, TOCSIN_COUNTER ",H:count"},
    {22, 3, TOCSIN_COUNTER ",I:count"},
    {22, 4, TOCSIN_COUNTER ",H:count"},
    {22, 5, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {22, 6, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {22, 7, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {22, 8, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {23, 1, TOCSIN_COUNTER ",I:count"},
    {23, 2, TOCSIN_COUNTER ",H:count"},
    {23, 3, TOCSIN_COUNTER ",I:count"},
    {23, 4, TOCSIN_COUNTER ",H:count"},
    {23, 5, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {23, 6, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {23, 7, TOCSIN_COUNTER ",I:count,T:timestamp"},
    {23, 8, TOCSIN_COUNTER ",H:count,T:timestamp"},
    {30, 1, TOCSIN_ANALOG ",i:value"},
    {30, 2, TOCSIN_ANALOG ",h:value"},
    {30, 3, "i:value"},
    {30, 4, "h:value"},
    {30, 5, TOCSIN_ANALOG ",f:value"},
    {30, 6, TOCSIN_ANALOG ",d:value"},
    {31, 1, TOCSIN_ANALOG ",i:value"},
    {31, 2, TOCSIN_ANALOG ",h:value"},
    {31, 3, TOCSIN_ANALOG ",i:value,T:timestamp"},
    {31, 4, TOCSIN_ANALOG ",h:value,T:timestamp"},
    {31, 5, "i:value"},
    {31, 6, "h:value"},
    {31, 7, TOCSIN_ANALOG ",f:value"},
    {31, 8, TOCSIN_ANALOG ",d:value"},
    {32, 1, TOCSIN_ANALOG ",i:value"},
    {32, 2, TOCSIN_ANALOG ",h:value"},
    {32, 3, TOCSIN_ANALOG ",i:value,T:timestamp"},
    {32, 4, TOCSIN_ANALOG ",h:value,T:timestamp"},
    {32, 5, TOCSIN_ANALOG ",f:value"},
    {32, 6, TOCSIN_ANALOG ",d:value"},
    {32, 7, TOCSIN_ANALOG ",f:value,T:timestamp"},
    {32, 8, TOCSIN_ANALOG ",d:value,T:timestamp"},
    {33, 1, TOCSIN_ANALOG ",i:value"},
    {33, 2, TOCSIN_ANALOG ",h:value"},
    {33, 3, TOCSIN_ANALOG ",i:value,T:timestamp"},
    {33, 4, TOCSIN_ANALOG ",h:value,T:timestamp"},
    {33, 5, TOCSIN_ANALOG ",f:value"},
    {33, 6, TOCSIN_ANALOG ",d:value"},
    {33, 7, TOCSIN_ANALOG ",f:value,T:timestamp"},
    {33, 8, TOCSIN_ANALOG ",d:value,T:timestamp"},
    {34, 1, "H:deadband_value"},
    {34, 2, "I:deadband_value"},
    {34, 3, "f:deadband_value"},
    {40, 1, TOCSIN_ANALOG_OUT ",i:value"},
    {40, 2, TOCSIN_ANALOG_OUT ",h:value"},
    {40, 3, TOCSIN_ANALOG_OUT ",f:value"},
    {40, 4, TOCSIN_ANALOG_OUT ",d:value"},
    {41, 1, "i:value,B:control_status"},
    {41, 2, "h:value,B:control_status"},
    {41, 3, "f:value,B:control_status"},
    {41, 4, "d:value,B:control_status"},
    {42, 1, TOCSIN_ANALOG_OUT ",i:value"},
    {42, 2, TOCSIN_ANALOG_OUT ",h:value"},
    {42, 3, TOCSIN_ANALOG_OUT ",i:value,T:timestamp"},
    {42, 4, TOCSIN_ANALOG_OUT ",h:value,T:timestamp"},
    {42, 5, TOCSIN_ANALOG_OUT ",f:value"},
    {42, 6, TOCSIN_ANALOG_OUT ",d:value"},
    {42, 7, TOCSIN_ANALOG_OUT ",f:value,T:timestamp"},
    {42, 8, TOCSIN_ANALOG_OUT ",d:value,T:timestamp"},
    {43, 1, "7:status_code,1:reserved0,i:commanded_value"},
    {43, 2, "7:status_code,1:reserved0,h:commanded_value"},
    {43, 3, "7:status_code,1:reserved0,i:commanded_value,T:timestamp"},
    {43, 4, "7:status_code,1:reserved0,h:commanded_value,T:timestamp"},
    {43, 5, "7:status_code,1:reserved0,f:commanded_value"},
    {43, 6, "7:status_code,1:reserved0,d:commanded_value"},
    {43, 7, "7:status_code,1:reserved0,f:commanded_value,T:timestamp"},
    {43, 8, "7:status_code,1:reserved0,d:commanded_value,T:timestamp"},
    {50, 1, "T:timestamp"},
    {50, 2, "T:timestamp,I:interval"},
    {50, 3, "T:timestamp"},
    {50, 4, "T:timestamp,I:interval_count,B:interval_units"},
    {51, 1, "T:timestamp"},
    {51, 2, "T:timestamp"},
    {52, 1, "H:delay_secs"},
    {52, 2, "H:delay_ms"},
    {60, 1, ""},
    {60, 2, ""},
    {60, 3, ""},
    {60, 4, ""},
    {70, 1,
     "H:filename_size,B:filetype_code,B:attribute_code,H:start_record,H:end_record,I:file_size,T:created_timestamp,"
     "H:permission,I:file_id,I:owner_id,I:group_id,B:file_function_code,B:status_code,s:filename:filename_size,"
     "H:data_size,s:data:data_size"},
    {70, 2,
     "H:username_offset,H:username_size,H:password_offset,H:password_size,I:authentication_key,"
     "s:username:username_size,s:password:password_size"},
    {70, 3,
     "H:filename_offset,H:filename_size,T:created,H:permissions,I:authentication_key,I:file_size,H:operational_mode,"
     "H:maximum_block_size,H:request_id,s:filename:filename_size"},
    {70, 4, "I:file_handle,I:file_size,H:maximum_block_size,H:request_id,B:status_code,r:optional_text"},
    {70, 5, "I:file_handle,I:block_number,r:file_data"},
    {70, 6, "I:file_handle,I:block_number,B:status_code,r:optional_text"},
    {70, 7,
     "H:filename_offset,H:filename_size,H:file_type,I:file_size,T:created_timestamp,H:permissions,H:request_id,"
     "s:filename:filename_size"},
    {70, 8, "r:file_specification"},
    {80, 1, "p1:state"},
    {81, 1, "B:fill_percentage,1:overflow_state,7:reserved,B:group,B:variation"},
    {83, 1, "4:vendor_code,H:object_id,H:length,s:data_objects:length"},
    {86, 2, "1:rd,1:wr,1:st,1:ev,1:df,3:padding0"},
    {102, 1, "B:value"},
    {120, 1, "I:csq,H:usr,B:mal,B:reason,r:challenge_data"},
    {120, 2, "I:csq,H:usr,r:mac_value"},
    {120, 3, "I:csq,H:user_number"},
    {120, 4, "H:user_number"},
    {120, 7, "I:sequence_number,H:usr,H:association_id,B:error_code,T:time_of_error,r:error_text"},
    {120, 8, "B:key_change_method,B:certificate_type,r:certificate"},
    {120, 9, "r:mac_value"},
    {121, 1, "1:online,7:padding0,H:association_id,I:count_value"},
    {122, 1, "1:online,7:padding0,H:association_id,I:count_value"},
    {122, 2, "1:online,7:padding0,H:association_id,I:count_value,T:timestamp"},
});

#undef TOCSIN_STATE
#undef TOCSIN_BINARY
#undef TOCSIN_DOUBLE
#undef TOCSIN_OUTPUT
#undef TOCSIN_COUNTER
#undef TOCSIN_ANALOG
#undef TOCSIN_ANALOG_OUT
#undef TOCSIN_CONTROL

const Layout* find_layout(std::uint8_t group, std::uint8_t variation) noexcept {
  const auto found = std::ranges::find_if(
      layouts, [&](const Layout& layout) { return layout.group == group && layout.variation == variation; });
  return found == layouts.end() ? nullptr : &*found;
}

// The next item of a layout; empty at the end.
struct Item {
  std::string_view type, name, length_of;
};
bool next_item(std::string_view& items, Item& out) noexcept {
  if (items.empty()) return false;
  const auto comma = items.find(',');
  const auto text = items.substr(0, comma);
  items = comma == std::string_view::npos ? std::string_view{} : items.substr(comma + 1);
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  out.type = text.substr(0, first);
  out.name = text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  out.length_of = second == std::string_view::npos ? std::string_view{} : text.substr(second + 1);
  return true;
}

std::uint64_t little48(ByteReader& reader) noexcept {
  const std::uint64_t low = reader.u32_little();
  return low | (std::uint64_t{reader.u16_little()} << 32U);
}

class PointReader {
 public:
  PointReader(ByteReader& reader, Dnp3PointVisitor* visitor) : reader_(reader), visitor_(visitor) {}

  // One point that is not packed. `size`: of a sized one.
  bool read(std::string_view items, std::optional<std::uint32_t> size) {
    const std::size_t begin = reader_.position();
    bits_left_ = 0;
    lengths_ = {};
    Item item;
    while (next_item(items, item)) {
      if (item.type[0] >= '1' && item.type[0] <= '8') bits(item);
      else if (item.type == "s") text(item.name, length(item.length_of));
      else if (item.type == "r") {
        const std::size_t used = reader_.position() - begin;
        if (!size || *size < used) return false;
        text(item.name, *size - used);
      } else if (!number(item)) return false;
      if (!reader_.ok()) return false;
    }
    if (size && reader_.position() - begin < *size) reader_.skip(*size - (reader_.position() - begin));
    return reader_.ok();
  }

 private:
  void bits(const Item& item) {
    const auto width = static_cast<unsigned>(item.type[0] - '0');
    if (bits_left_ == 0) {
      byte_ = reader_.u8();
      bits_left_ = 8;
    }
    const unsigned value = byte_ & ((1U << width) - 1U);
    byte_ = static_cast<std::uint8_t>(byte_ >> width);
    bits_left_ -= std::min(width, bits_left_);
    if (visitor_ != nullptr) visitor_->number(item.name, value);
  }

  bool number(const Item& item) {
    std::int64_t value = 0;
    switch (item.type[0]) {
      case 'B': value = reader_.u8(); break;
      case 'H': value = reader_.u16_little(); break;
      case 'I': value = reader_.u32_little(); break;
      case 'T': value = static_cast<std::int64_t>(little48(reader_)); break;
      case 'h': value = static_cast<std::int16_t>(reader_.u16_little()); break;
      case 'i': value = static_cast<std::int32_t>(reader_.u32_little()); break;
      case 'f': {
        const auto real = std::bit_cast<float>(reader_.u32_little());
        if (visitor_ != nullptr && reader_.ok()) visitor_->real(item.name, static_cast<double>(real));
        return true;
      }
      case 'd': {
        const auto real = std::bit_cast<double>(reader_.u64_little());
        if (visitor_ != nullptr && reader_.ok()) visitor_->real(item.name, real);
        return true;
      }
      default: return false;
    }
    for (auto& known : lengths_)
      if (known.first.empty()) {
        known = {item.name, static_cast<std::uint32_t>(value)};
        break;
      }
    if (visitor_ != nullptr && reader_.ok()) visitor_->number(item.name, value);
    return true;
  }

  void text(std::string_view name, std::size_t size) {
    const auto bytes = reader_.take(size);
    if (visitor_ != nullptr && reader_.ok()) visitor_->text(name, bytes);
  }

  std::size_t length(std::string_view name) const noexcept {
    for (const auto& [known, value] : lengths_)
      if (known == name) return value;
    return 0;
  }

  ByteReader& reader_;
  Dnp3PointVisitor* visitor_;
  std::uint8_t byte_ = 0;
  unsigned bits_left_ = 0;
  std::array<std::pair<std::string_view, std::uint32_t>, 16> lengths_{};
};

std::uint32_t read_prefix(ByteReader& reader, std::uint8_t code) noexcept {
  switch (code) {
    case 1:
    case 4: return reader.u8();
    case 2:
    case 5: return reader.u16_little();
    case 3:
    case 6: return reader.u32_little();
    default: return 0;
  }
}

// Bits of all points side by side, from the lowest of the first byte.
std::optional<std::size_t> walk_packed(const Dnp3Object& object, Bytes bytes, unsigned width, std::string_view name,
                                       Dnp3PointVisitor* visitor) {
  const std::size_t per_byte = 8 / width;
  const std::size_t size = (object.count + per_byte - 1) / per_byte;
  if (size > bytes.size()) return std::nullopt;
  if (visitor == nullptr) return size;
  for (std::uint32_t i = 0; i < object.count; ++i) {
    const unsigned shift = static_cast<unsigned>(i % per_byte) * width;
    visitor->begin(0, object.start + i, std::nullopt);
    visitor->number(name, (bytes[i / per_byte] >> shift) & ((1U << width) - 1U));
    visitor->end();
  }
  return size;
}

bool read_range(ByteReader& reader, Dnp3Object& object) noexcept {
  const auto range = [&](std::uint32_t start, std::uint32_t stop) {
    object.start = start;
    object.stop = stop;
    if (stop < start || stop - start == 0xFFFFFFFF) return false;
    object.count = stop - start + 1;
    return true;
  };
  switch (object.range_code()) {
    case 0:
    case 3: {
      const std::uint32_t start = reader.u8();
      return range(start, reader.u8());
    }
    case 1:
    case 4: {
      const std::uint32_t start = reader.u16_little();
      return range(start, reader.u16_little());
    }
    case 2:
    case 5: {
      const std::uint32_t start = reader.u32_little();
      return range(start, reader.u32_little());
    }
    case 6: return true;
    case 7:
    case 0x0B: object.count = reader.u8(); return true;
    case 8: object.count = reader.u16_little(); return true;
    case 9: object.count = reader.u32_little(); return true;
    default: return false;
  }
}

}  // namespace

std::optional<std::size_t> walk_dnp3_points(const Dnp3Object& object, Bytes bytes, Dnp3PointVisitor* visitor) {
  const auto* layout = find_layout(object.group, object.variation);
  if (layout == nullptr) return std::nullopt;
  if (layout->items.starts_with('p'))
    return walk_packed(object, bytes, static_cast<unsigned>(layout->items[1] - '0'), layout->items.substr(3), visitor);
  if (layout->items.empty()) return 0;
  ByteReader reader(bytes);
  PointReader point(reader, visitor);
  const std::uint8_t code = object.prefix_code();
  for (std::uint32_t i = 0; i < object.count; ++i) {
    const std::uint32_t prefix = read_prefix(reader, code);
    const auto size = code >= 4 ? std::optional(prefix) : std::nullopt;
    const std::uint32_t index = code >= 1 && code <= 3 ? prefix : object.start + i;
    if (!reader.ok()) return std::nullopt;
    if (visitor != nullptr) visitor->begin(prefix, index, size);
    const bool whole = point.read(layout->items, size);
    if (visitor != nullptr) visitor->end();
    if (!whole) return std::nullopt;
  }
  return reader.position();
}

Dnp3ObjectsState parse_dnp3_objects(Bytes bytes, bool with_points, const Dnp3ObjectLimits& limits,
                                    std::vector<Dnp3Object>& out) {
  ByteReader reader(bytes);
  std::size_t points = 0;
  while (reader.remaining() > 0) {
    if (out.size() >= limits.objects_most) return Dnp3ObjectsState::too_many_objects;
    Dnp3Object object;
    object.group = reader.u8();
    object.variation = reader.u8();
    object.qualifier = reader.u8();
    if (!read_range(reader, object) || !reader.ok()) return Dnp3ObjectsState::malformed;
    object.known = find_layout(object.group, object.variation) != nullptr;
    // Without values there are indexes at most; points of a stated size are there in any case.
    const std::uint8_t prefix = object.prefix_code();
    if (object.range_code() == 6 || (!with_points && prefix < 4)) {
      const std::uint64_t width = prefix == 0 ? 0 : prefix == 3 ? 4 : prefix;
      if (object.range_code() != 6 && object.count * width > reader.remaining()) return Dnp3ObjectsState::malformed;
      if (object.range_code() != 6) reader.skip(static_cast<std::size_t>(object.count * width));
      out.push_back(object);
      continue;
    }
    points += object.count;
    if (points > limits.points_most) return Dnp3ObjectsState::too_many_points;
    const auto used = walk_dnp3_points(object, reader.rest(), nullptr);
    if (!used) {
      out.push_back(object);
      return object.known ? Dnp3ObjectsState::malformed : Dnp3ObjectsState::unknown_object;
    }
    object.points = reader.take(*used);
    out.push_back(object);
  }
  return Dnp3ObjectsState::whole;
}

}  // namespace tocsin::collectors
