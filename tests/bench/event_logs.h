#pragma once
// Windows events to feed on: every record of the EVTX files below a folder as a line of JSON, as exporters write it.

#include <fcntl.h>

#include "collectors/log/evtx/chunk_file.h"
#include "collectors/log/evtx/event_xml.h"
#include "collectors/log/evtx/reader_process.h"
#include "tests/bench/material.h"

namespace tocsin::bench {

inline std::string event_log_lines(const std::filesystem::path& folder) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bin/tocsin-evtx";
  collectors::EvtxReaderProcess reader({.program = program});
  std::string lines;
  std::vector<std::uint8_t> bytes;
  for (const auto& path : files_below(folder)) {
    if (path.extension() != ".evtx") continue;
    const auto file =
        collectors::EvtxChunkFile::open(OwnedDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path.filename());
    if (!file) continue;
    for (const auto& chunk : file->chunks()) {
      if (!file->read(chunk, bytes)) continue;
      const auto answer = reader.read(bytes);
      if (!answer) return lines;
      for (const auto& frame : answer->frames) {
        if (frame.kind != collectors::EvtxFrameKind::record) continue;
        if (const auto json = collectors::event_xml_to_json(frame.body)) lines.append(*json).push_back('\n');
      }
    }
  }
  return lines;
}

}  // namespace tocsin::bench
