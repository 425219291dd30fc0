// ECS fields of a call of NFS.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/nfs/transaction.h"

namespace tocsin::collectors {

NfsFields::NfsFields(FieldNames& names)
    : version(names.intern("nfs.version")),
      procedure(names.intern("nfs.procedure")),
      file(names.intern("nfs.file.name")),
      status(names.intern("nfs.status")) {}

void NfsTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.version, std::uint64_t{version});
  builder.set(fields_.procedure, nfs_procedure_name(version, procedure));
  if (!name.empty()) builder.set(fields_.file, name);
  if (answered) builder.set(fields_.status, nfs_status_name(status));
}

}  // namespace tocsin::collectors
