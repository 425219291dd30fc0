#pragma once
// System call numbers → names, by audit architecture (linux/audit.h AUDIT_ARCH_*).

#include <cstdint>
#include <span>
#include <string_view>

namespace tocsin::collectors {

inline constexpr std::uint32_t arch_x86_64 = 0xC000003E;
inline constexpr std::uint32_t arch_aarch64 = 0xC00000B7;
inline constexpr std::uint32_t arch_riscv64 = 0xC00000F3;

// Empty when the architecture or the number is unknown.
std::string_view syscall_name(std::uint32_t arch, std::uint32_t number) noexcept;

}  // namespace tocsin::collectors
