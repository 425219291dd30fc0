// rooms: log
// Lines as audit records through the assembler; memory and events must stay bounded.
#include <cstdlib>

#include "collectors/log/audit/assembler.h"

using namespace tocsin;
using namespace tocsin::collectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  AuditAssembler assembler;
  AuditFields fields;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take = [&] {
    EventBatch batch;
    EventBuilder builder(batch);
    EventHeader header;
    while (assembler.next(builder, header)) {
      builder.finish(header, {});
      if (batch.full()) batch.clear();
      header = {};
    }
  };
  std::uint64_t offset = 0;
  while (!rest.empty()) {
    const auto newline = rest.find('\n');
    const auto line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (const auto record = read_audit_record(line)) {
      fields.read(*record);
      for (const auto& f : fields.all())
        if (f.key.empty()) std::abort();
      assembler.add(*record, fields, hash128(line), offset++);
    }
    take();
  }
  assembler.finish();
  take();
  if (assembler.oldest_open()) std::abort();
  return 0;
}
