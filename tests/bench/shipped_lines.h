#pragma once
// Log lines to feed on as Filebeat 8 sends them: an object a line, some 700 bytes, the line itself in `message`.

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"

namespace tocsin::bench {

inline std::string shipped_lines(std::string_view text, std::string_view path) {
  std::string out;
  std::size_t offset = 0;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    std::string quoted;
    append_json_string(quoted, line);
    fmt::format_to(
        std::back_inserter(out),
        R"({{"@timestamp":"2026-11-22T10:20:30.000Z","@metadata":{{"beat":"filebeat","type":"_doc","version":"8.15.0"}},)"
        R"("log":{{"offset":{},"file":{{"path":"{}","device_id":"2049","inode":"262161"}}}},"message":{},)"
        R"("input":{{"type":"filestream"}},"ecs":{{"version":"8.0.0"}},"host":{{"name":"web01","hostname":"web01",)"
        R"("architecture":"x86_64","containerized":false,"os":{{"type":"linux","platform":"debian","family":"debian",)"
        R"("version":"12","name":"Debian GNU/Linux","kernel":"6.1.0-26-amd64"}},)"
        R"("id":"5f3a0c5e7b0d4b7f9a1c2d3e4f506172"}},"agent":{{"type":"filebeat","version":"8.15.0","name":"web01",)"
        R"("id":"0d2f9d0e-1c4b-4a55-9d1a-7f6f0e8f9b11","ephemeral_id":"6e0b3b6c-5a53-4b61-8f8f-0c3c1b7d2a90"}}}})"
        "\n",
        offset, path, quoted);
    offset += line.size() + 1;
  }
  return out;
}

}  // namespace tocsin::bench
