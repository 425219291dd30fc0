#pragma once
// Words of the configuration's enumerations, in the order of the enumerators. Private to daemon/config.

#include <array>
#include <span>
#include <string_view>

#include "daemon/config/config.h"

namespace tocsin::daemon {

inline constexpr std::array<std::string_view, 5> log_kind_names{"auto", "syslog", "web", "audit", "json"};
inline constexpr std::array<std::string_view, 3> rule_language_names{"auto", "suricata", "snort3"};
inline constexpr std::array<std::string_view, 2> reach_names{"exact", "subdomains"};
inline constexpr std::array<std::string_view, 6> tlp_names{"none", "clear", "green", "amber", "amber+strict", "red"};
inline constexpr std::array<std::string_view, 2> respond_mode_names{"rehearse", "apply"};
inline constexpr std::array<std::string_view, 2> respond_signature_names{"optional", "required"};
inline constexpr std::array<std::string_view, 3> sink_kind_names{"mail", "webhook", "syslog"};
inline constexpr std::array<std::string_view, 4> report_kind_names{"daily", "weekly", "monthly", "incident"};
inline constexpr std::array<std::string_view, 4> report_format_names{"html", "markdown", "csv", "json"};

inline std::span<const std::string_view> names_for(LogKind) { return log_kind_names; }
inline std::span<const std::string_view> names_for(rules::signature::Syntax) { return rule_language_names; }
inline std::span<const std::string_view> names_for(rules::indicator::Reach) { return reach_names; }
inline std::span<const std::string_view> names_for(rules::Tlp) { return tlp_names; }
inline std::span<const std::string_view> names_for(RespondMode) { return respond_mode_names; }
inline std::span<const std::string_view> names_for(RespondSignatures) { return respond_signature_names; }
inline std::span<const std::string_view> names_for(SinkKind) { return sink_kind_names; }
inline std::span<const std::string_view> names_for(ReportKind) { return report_kind_names; }
inline std::span<const std::string_view> names_for(ReportFormat) { return report_format_names; }

}  // namespace tocsin::daemon
