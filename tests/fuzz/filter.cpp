// rooms: control
// --where: the first line is the filter, the rest a JSON record.
#include <boost/json.hpp>

#include "daemon/control/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.substr(0, text.find('\n'));
  const auto filter = daemon::parse_filter(line);
  if (!filter || line.size() >= text.size()) return 0;
  boost::json::error_code error;
  const auto rest = text.substr(line.size() + 1);
  const auto record = boost::json::parse({rest.data(), rest.size()}, error);
  if (!error && record.is_object()) (void)filter->matches(record.get_object());
  return 0;
}
