#pragma once
// notify: a message to a configured channel (mail by SMTP, webhook, syslog). Needs no privilege; cannot be taken back.

#include <array>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::responders {

inline constexpr std::array<std::string_view, 3> notify_severities{"info", "warning", "critical"};
inline constexpr std::array<std::string_view, 5> notify_markings{"clear", "green", "amber", "amber+strict", "red"};
inline constexpr std::array<ParameterSpec, 6> notify_parameters{{
    {"channel", ParameterType::text, ParameterSpec::Presence::required, {}, "name of a channel of the configuration"},
    {"subject", ParameterType::text, ParameterSpec::Presence::required, {}, "one line"},
    {"message", ParameterType::text, ParameterSpec::Presence::optional, {}, "the body"},
    {"severity", ParameterType::choice, ParameterSpec::Presence::optional, "warning", "info, warning or critical",
     notify_severities},
    {"incident", ParameterType::text, ParameterSpec::Presence::optional, {}, "number of the incident it is about"},
    {marking_parameter,
     ParameterType::choice,
     ParameterSpec::Presence::optional,
     {},
     "marking of what it tells; at least that of the run's incident",
     notify_markings},
}};
inline constexpr ActionSpec notify_spec{"notify",
                                        "send a message to a configured channel",
                                        notify_parameters,
                                        Capability::none,
                                        Reversibility::irreversible,
                                        BlastRadius::message,
                                        Readback::none};

// The message that notify_parameters make.
Notice notice_of(const Parameters& parameters, const std::string& host, std::string_view key);
// "its content is TLP:RED and is withheld: the channel's max_tlp is amber"
std::string withheld_text(const NotifyChannel& channel, const Notice& notice);
std::string host_name();

Forecast describe_notify(const Parameters& parameters);
std::unique_ptr<Action> make_notify(const ActionEnvironment& environment);

}  // namespace tocsin::responders
