#include "responders/action/notify/base64_lines.h"

#include "collectors/base/base64.h"

namespace tocsin::responders {

std::string base64_lines(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 57) {
    out += to_base64(bytes.substr(i, 57));
    out += "\r\n";
  }
  return out;
}

}  // namespace tocsin::responders
