#pragma once
// The names a person may write in --where and --fields of events and alerts: those of the schema, those every alert
// has, and those that protocol parsers, decoders and products bring along under their own names.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "collectors/event/field.h"

namespace tocsin::daemon {

struct NamedField {
  std::string_view name;
  std::string_view type;
  std::string_view summary;
};
// Members of an alert's row, besides the fields of its deciding event (rules::render_json).
std::span<const NamedField> alert_fields() noexcept;

// Makes the names known that the protocol parsers fill beyond the schema.
void intern_protocol_fields(FieldNames& names);

struct DescribedField {
  std::string name;
  std::string type;
  std::string summary;
};
// A field of the schema or of alerts; its type holds wherever it is met.
std::optional<NamedField> standard_field(std::string_view name) noexcept;

// Everything known by now, sorted by name.
std::vector<DescribedField> all_fields(const FieldNames& names);

// An alert's row with the fields of its deciding event, and the ends of its flow, beside its own members, so that
// `source.ip` is found in alerts of every engine.
void widen_alert(boost::json::object& alert);

}  // namespace tocsin::daemon
