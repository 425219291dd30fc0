#pragma once
// file.quarantine: takes a file out of reach, byte for byte, and can put it back with owner, mode, times and extended
// attributes. Never follows a symbolic link. Needs CAP_DAC_OVERRIDE and CAP_FOWNER (CAP_CHOWN to restore).

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> file_quarantine_parameters{{
    {"path", ParameterType::path, ParameterSpec::Presence::required, {}, "absolute path of a regular file"},
    {"sha256",
     ParameterType::text,
     ParameterSpec::Presence::optional,
     {},
     "take it only if its content has this digest"},
}};
inline constexpr ActionSpec file_quarantine_spec{
    "file.quarantine",          "move a file out of reach, restorable byte for byte",
    file_quarantine_parameters, Capability::file_owner,
    Reversibility::undoable,    BlastRadius::file};

Forecast describe_file_quarantine(const Parameters& parameters);
std::unique_ptr<Action> make_file_quarantine(const ActionEnvironment& environment);

// The same for an action that names its file in another way (cron.disable).
struct QuarantineKind {
  const ActionSpec& spec;  // with a "sha256"
  Result<std::string> (*path)(const Parameters& parameters, const std::string& root);
  Forecast (*describe)(const Parameters& parameters);
};
std::unique_ptr<Action> make_quarantine(const QuarantineKind& kind, const ActionEnvironment& environment);

}  // namespace tocsin::responders
