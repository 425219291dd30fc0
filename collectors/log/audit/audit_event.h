#pragma once
// One audit record → fields of its own event: every pair under its native name, and the ECS fields that follow from
// them.

#include "collectors/log/audit/record.h"
#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

void assign_audit(LineContext& line, const AuditRecord& record, AuditFields& fields);
// Name of the call in a SYSCALL record (from ENRICHED data, or arch and number); empty when unknown.
std::string_view audit_syscall(const AuditFields& fields) noexcept;

}  // namespace tocsin::collectors
