#pragma once
// What a replay reads: a list of inputs, given one by one or described by a directory's recording.yaml.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/event/event.h"

namespace tocsin::daemon {

// `automatic` looks at the content.
enum class InputKind : std::uint8_t { automatic, pcap, syslog, access, audit, json, evtx, file };
std::optional<InputKind> parse_input_kind(std::string_view name) noexcept;
std::string_view input_kind_name(InputKind kind) noexcept;

struct RecordingInput {
  std::string path;  // to open
  // To show: relative to the recording, so that output does not depend on where it lies; or what `as` says it was
  // called on its host.
  std::string name;
  InputKind kind = InputKind::automatic;
  std::string host;              // host.name; empty = as the log says, or the replay's --host
  std::string time_zone;         // IANA name; empty = UTC
  std::string program;           // whose lines a log holds that does not say so itself
  std::optional<int> year;       // for time stamps without one; empty = by when the file was written
  std::optional<Time> observed;  // kind file: when it was written
};

struct Recording {
  std::string name;
  std::string description;
  Exercise exercise = Exercise::no;
  std::vector<RecordingInput> inputs;
};

struct RecordingDefaults {
  std::string host;
  std::string time_zone;
  std::string program;
  std::optional<int> year;
};

// Reads DIRECTORY/recording.yaml. Paths are relative to it and may not leave it.
Result<Recording> read_recording(const std::string& directory, Diagnostics& diagnostics);
// Files become inputs with the defaults; a directory must hold recording.yaml, or event logs (*.evtx, in its
// directories too), which are read in the order of their names. A missing one is Code::not_found.
Result<Recording> collect_inputs(std::span<const std::string> paths, const RecordingDefaults& defaults,
                                 Diagnostics& diagnostics);

}  // namespace tocsin::daemon
