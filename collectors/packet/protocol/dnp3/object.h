#pragma once
// Objects of a DNP3 application message: IEEE 1815-2012, clause 11 (headers) and annex A (the library of objects).

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct Dnp3Object {
  std::uint8_t group = 0, variation = 0, qualifier = 0;
  std::uint32_t start = 0, stop = 0, count = 0;
  bool known = false;
  Bytes points;  // what follows the header

  std::uint8_t prefix_code() const noexcept { return (qualifier >> 4U) & 7U; }
  std::uint8_t range_code() const noexcept { return qualifier & 0x0FU; }
};

// Told of each value of a point. Texts and numbers in the order of the standard.
class Dnp3PointVisitor {
 public:
  virtual ~Dnp3PointVisitor() = default;
  virtual void begin(std::uint32_t prefix, std::uint32_t index, std::optional<std::uint32_t> size) = 0;
  virtual void number(std::string_view name, std::int64_t value) = 0;
  virtual void real(std::string_view name, double value) = 0;
  virtual void text(std::string_view name, Bytes value) = 0;
  virtual void end() = 0;
};

// Walks the points; `bytes` is what may hold them. The length used, nothing when they do not fit or are not known.
std::optional<std::size_t> walk_dnp3_points(const Dnp3Object& object, Bytes bytes, Dnp3PointVisitor* visitor);

struct Dnp3ObjectLimits {
  std::size_t objects_most;
  std::size_t points_most;
};
enum class Dnp3ObjectsState : std::uint8_t { whole, too_many_objects, too_many_points, unknown_object, malformed };
// `with_points`: requests to read and the like name objects without their values.
Dnp3ObjectsState parse_dnp3_objects(Bytes bytes, bool with_points, const Dnp3ObjectLimits& limits,
                                    std::vector<Dnp3Object>& out);

}  // namespace tocsin::collectors
