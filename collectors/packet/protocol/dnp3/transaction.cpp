#include "collectors/packet/protocol/dnp3/transaction.h"

namespace tocsin::collectors {
namespace {

constexpr auto functions = std::to_array<Dnp3Name>({{0, "confirm"},
                                                    {1, "read"},
                                                    {2, "write"},
                                                    {3, "select"},
                                                    {4, "operate"},
                                                    {5, "direct_operate"},
                                                    {6, "direct_operate_nr"},
                                                    {7, "immed_freeze"},
                                                    {8, "immed_freeze_nr"},
                                                    {9, "freeze_clear"},
                                                    {10, "freeze_clear_nr"},
                                                    {11, "freeze_at_time"},
                                                    {12, "freeze_at_time_nr"},
                                                    {13, "cold_restart"},
                                                    {14, "warm_restart"},
                                                    {15, "initialize_data"},
                                                    {16, "initialize_appl"},
                                                    {17, "start_appl"},
                                                    {18, "stop_appl"},
                                                    {19, "save_config"},
                                                    {20, "enable_unsolicited"},
                                                    {21, "disable_unsolicited"},
                                                    {22, "assign_class"},
                                                    {23, "delay_measure"},
                                                    {24, "record_current_time"},
                                                    {25, "open_file"},
                                                    {26, "close_file"},
                                                    {27, "delete_file"},
                                                    {28, "get_file_info"},
                                                    {29, "authenticate_file"},
                                                    {30, "abort_file"},
                                                    {31, "activate_config"},
                                                    {32, "authenticate_req"},
                                                    {33, "authenticate_err"},
                                                    {129, "response"},
                                                    {130, "unsolicited_response"},
                                                    {131, "authenticate_resp"}});

constexpr auto indications = std::to_array<Dnp3Name>({{0x8000, "device_restart"},
                                                      {0x4000, "device_trouble"},
                                                      {0x2000, "local_control"},
                                                      {0x1000, "need_time"},
                                                      {0x0800, "class_3_events"},
                                                      {0x0400, "class_2_events"},
                                                      {0x0200, "class_1_events"},
                                                      {0x0100, "all_stations"},
                                                      {0x0080, "reserved_1"},
                                                      {0x0040, "reserved_2"},
                                                      {0x0020, "config_corrupt"},
                                                      {0x0010, "already_executing"},
                                                      {0x0008, "event_buffer_overflow"},
                                                      {0x0004, "parameter_error"},
                                                      {0x0002, "object_unknown"},
                                                      {0x0001, "no_func_code_support"}});

}  // namespace

std::span<const Dnp3Name> dnp3_function_names() noexcept { return functions; }
std::span<const Dnp3Name> dnp3_indicator_names() noexcept { return indications; }

std::optional<std::uint16_t> Dnp3Transaction::indicators() const noexcept {
  if (!is_response() || data.size() < 4) return std::nullopt;
  return static_cast<std::uint16_t>((data[2] << 8) | data[3]);
}

std::optional<Bytes> Dnp3Transaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_ || index != 0) return std::nullopt;
  if (buffer == Buffer::dnp3_data) return Bytes(data);
  if (buffer == Buffer::dnp3_indicators && indicators()) return Bytes(data).subspan(2, 2);
  return std::nullopt;
}

std::optional<std::uint64_t> Dnp3Transaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_) return std::nullopt;
  if (buffer == Buffer::dnp3_object)
    return index < objects.size()
               ? std::optional<std::uint64_t>((std::uint64_t{objects[index].group} << 8U) | objects[index].variation)
               : std::nullopt;
  if (index != 0) return std::nullopt;
  if (buffer == Buffer::dnp3_function) return function();
  if (buffer == Buffer::dnp3_indicators) return indicators();
  return std::nullopt;
}

}  // namespace tocsin::collectors
