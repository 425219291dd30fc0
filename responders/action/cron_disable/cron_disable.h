#pragma once
// cron.disable: a table or script of cron's moves into the quarantine, and is put back byte for byte when undone.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"

namespace tocsin::responders {

inline constexpr std::array<ParameterSpec, 2> cron_disable_parameters{{
    {"file",
     ParameterType::text,
     ParameterSpec::Presence::required,
     {},
     "cron.d/NAME, cron.hourly/NAME, cron.daily/NAME, cron.weekly/NAME, cron.monthly/NAME or crontabs/ACCOUNT"},
    {"sha256", ParameterType::text, ParameterSpec::Presence::optional, {}, "only if its content has this digest"},
}};
inline constexpr ActionSpec cron_disable_spec{"cron.disable",          "take a table or script of cron away",
                                              cron_disable_parameters, Capability::file_owner,
                                              Reversibility::undoable, BlastRadius::file};

Forecast describe_cron_disable(const Parameters& parameters);
std::unique_ptr<Action> make_cron_disable(const ActionEnvironment& environment);

}  // namespace tocsin::responders
