// rooms: cli
// Files and words that others give: a Suricata configuration, a recording's description, a position out of the store, a
// moment on the command line, rows to be shown. By the first byte.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "collectors/base/text.h"
#include "daemon/app/live/position_text.h"
#include "daemon/app/recording.h"
#include "daemon/app/suricata_settings.h"
#include "daemon/cli/output.h"
#include "daemon/cli/times.h"

using namespace tocsin;
using namespace tocsin::daemon;

namespace {

const std::string& directory() {
  static const std::string path = [] {
    std::string name = "/dev/shm/fuzz-app-" + std::to_string(::getpid());
    ::mkdir(name.c_str(), 0700);
    return name;
  }();
  return path;
}

void remove_directory() {
  ::unlink((directory() + "/recording.yaml").c_str());
  ::rmdir(directory().c_str());
}

std::string write(std::string_view text) {
  static const bool registered = std::atexit(remove_directory) == 0;
  const auto path = directory() + "/recording.yaml";
  if (registered) std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return path;
}

void show(std::string_view json, Format format) {
  std::ostringstream out;
  static constexpr Column columns[] = {{"a", "A"}, {"b.c", "C"}};
  OutputOptions options;
  options.format = format;
  options.columns = columns;
  options.width = 60;
  Output output(out, options);
  if (!output.row_json(json)) return;
  output.finish();
  for (const char c : out.str())
    if (c != '\n' && c != '\r' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto text = as_text({data + 1, size - 1});
  Diagnostics diagnostics;
  switch (data[0] % 5) {
    case 0: (void)read_suricata_settings(write(text), {}); break;
    case 1:
      write(text);
      (void)read_recording(directory(), diagnostics);
      break;
    case 2:
      if (const auto position = parse_position(std::string(text))) {
        const auto again = parse_position(render_position(*position).second);
        if (!again || again->seed != position->seed || !(again->identity == position->identity)) std::abort();
      }
      break;
    case 3:
      (void)parse_when(text, Time{} + std::chrono::hours(24 * 365 * 50));
      (void)read_suricata_settings({}, {std::string(text)});
      break;
    default:
      for (int format = 0; format < 6; ++format) show(text, static_cast<Format>(format));
  }
  return 0;
}
