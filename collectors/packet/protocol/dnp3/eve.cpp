// DNP3 as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

#include "collectors/packet/protocol/dnp3/transaction.h"

namespace tocsin::collectors {
namespace {

class PointWriter final : public Dnp3PointVisitor {
 public:
  explicit PointWriter(JsonWriter& json) : json_(json) {}
  void begin(std::uint32_t prefix, std::uint32_t index, std::optional<std::uint32_t> size) override {
    json_.begin_object().member("prefix", prefix).member("index", index);
    if (size) json_.member("size", *size);
  }
  void number(std::string_view name, std::int64_t value) override { json_.member(name, value); }
  void real(std::string_view name, double value) override { json_.member(name, value); }
  void text(std::string_view name, Bytes value) override { json_.member(name, record_text(value)); }
  void end() override { json_.end_object(); }

 private:
  JsonWriter& json_;
};

// A record shows so many points of an object; the rest are counted in `count`.
constexpr std::uint32_t points_shown = 1'024;

void append_object(JsonWriter& json, const Dnp3Object& object) {
  json.begin_object().member("group", object.group).member("variation", object.variation);
  json.member("qualifier", object.qualifier).member("prefix_code", object.prefix_code());
  json.member("range_code", object.range_code()).member("start", object.start).member("stop", object.stop);
  json.member("count", object.count);
  if (!object.points.empty()) {
    Dnp3Object shown = object;
    shown.count = std::min(shown.count, points_shown);
    PointWriter writer(json);
    json.key("points").begin_array();
    walk_dnp3_points(shown, object.points, &writer);
    json.end_array();
  }
  json.end_object();
}

void append_indicators(JsonWriter& json, std::uint16_t bits) {
  json.key("iin").begin_object();
  if (bits != 0) {
    json.key("indicators").begin_array();
    for (const auto& row : dnp3_indicator_names())
      if ((bits & row.number) != 0) json.value(row.name);
    json.end_array();
  }
  json.end_object();
}

}  // namespace

void Dnp3Transaction::append_application(JsonWriter& json) const {
  json.key("control").begin_object().member("dir", link.from_master()).member("pri", link.primary());
  json.member("fcb", (link.control & 0x20U) != 0).member("fcv", (link.control & 0x10U) != 0);
  json.member("function_code", link.function()).end_object();
  json.member("src", link.source).member("dst", link.destination);
  json.key("application").begin_object().key("control").begin_object();
  json.member("fir", (control() & 0x80U) != 0).member("fin", (control() & 0x40U) != 0);
  json.member("con", (control() & 0x20U) != 0).member("uns", (control() & 0x10U) != 0);
  json.member("sequence", control() & 0x0FU).end_object();
  json.member("function_code", function());
  if (!objects.empty()) {
    json.key("objects").begin_array();
    for (const auto& object : objects) append_object(json, object);
    json.end_array();
  }
  json.member("complete", whole).end_object();
  if (const auto bits = indicators()) append_indicators(json, *bits);
}

bool Dnp3Transaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose purpose, std::uint32_t) const {
  const bool unsolicited = function() == dnp3_function::unsolicited_response;
  json.key("dnp3").begin_object();
  if (purpose == RecordPurpose::record) {
    json.member("type", !is_response() ? "request" : unsolicited ? "unsolicited_response" : "response");
    append_application(json);
  } else {
    json.key(is_response() ? "response" : "request").begin_object();
    json.member("type", !is_response() ? "request" : unsolicited ? "unsolicited_response" : "response");
    append_application(json);
    json.end_object();
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
