#pragma once
// The look of HTML reports: one style sheet inside the page, nothing fetched. Light, dark and print.

#include <string_view>

namespace tocsin::daemon {

std::string_view report_style() noexcept;

}  // namespace tocsin::daemon
