#include "daemon/cli/diagnostic_row.h"

#include <boost/json.hpp>

namespace tocsin::daemon {

namespace json = boost::json;

json::object diagnostic_row(const Diagnostic& d) {
  static constexpr std::string_view severities[] = {"note", "warning", "error"};
  json::object row;
  row["severity"] = severities[static_cast<std::size_t>(d.severity)];
  row["code"] = d.code;
  row["file"] = d.file;
  row["line"] = d.line;
  row["column"] = d.column;
  row["item"] = d.item;
  row["cause"] = d.cause;
  row["next_step"] = d.next_step;
  return row;
}

}  // namespace tocsin::daemon
