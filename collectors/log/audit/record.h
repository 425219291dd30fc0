#pragma once
// One audit record as auditd writes it:
//   [node=X ]type=SYSCALL msg=audit(1700000000.123:456): key=value … [0x1D ENRICHED="…"]
// Format: linux-audit "audit event fields"; strings the kernel could not print are in hex.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"

namespace tocsin::collectors {

struct AuditRecord {
  std::string_view node;
  std::string_view type;  // "SYSCALL"; numbers of the kernel's own lines are translated
  Time time{};
  std::uint64_t serial = 0;
  std::string_view body;
};
// Nothing when the line is not an audit record.
std::optional<AuditRecord> read_audit_record(std::string_view line) noexcept;

struct AuditField {
  std::string_view key;    // in the line
  std::string_view value;  // in the line, or decoded in the field list's own storage
  bool enriched = false;   // after 0x1D: UID="root"
};

// The pairs of one body; msg='…' is flattened. Reused between records: no allocation once grown. One owner.
class AuditFields {
 public:
  static constexpr std::size_t most = 512;

  void read(const AuditRecord& record);
  const std::vector<AuditField>& all() const noexcept { return fields_; }
  std::string_view find(std::string_view key) const noexcept;  // empty when absent

 private:
  void pairs(std::string_view text, std::string_view type, bool inner);
  void add(std::string_view key, std::string_view value, std::string_view type, bool quoted, bool enriched);
  std::string_view decode_hex(std::string_view value, bool nul_is_space);

  std::vector<AuditField> fields_;
  std::string decoded_;
};

}  // namespace tocsin::collectors
