#include "daemon/app/asked.h"

#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tocsin::daemon {

Result<Asked> asked(const Call& call) {
  Asked out;
  for (const auto& [name, place] : {std::pair{"since", &out.since}, std::pair{"until", &out.until}}) {
    const auto text = call.text(name);
    if (!text) continue;
    *place = parse_time(*text);
    if (!*place)
      return fail(Code::usage, fmt::format("--{} is not a time: {}; try -2h, today or 2026-11-22T14:00", name, *text));
  }
  TOCSIN_TRY(out.where, parse_filter(call.text("where").value_or("")));
  if (const auto limit = call.number("limit")) {
    if (*limit < 0) return fail(Code::usage, "--limit takes a number of 0 or more; 0 is all");
    out.limit = static_cast<std::size_t>(*limit);
  }
  out.follow = call.flag("follow");
  return out;
}

bool RowGate::send(const boost::json::object& row) {
  if (!wanted_.where.matches(row)) return true;
  if (!reply_.row(boost::json::serialize(row))) return false;
  ++sent_;
  return wanted_.limit == 0 || sent_ < wanted_.limit;
}

}  // namespace tocsin::daemon
