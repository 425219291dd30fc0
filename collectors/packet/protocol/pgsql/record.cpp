// ECS fields of a PostgreSQL transaction. Passwords stay out of records.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/pgsql/transaction.h"

namespace tocsin::collectors {

PgsqlFields::PgsqlFields(FieldNames& names)
    : query(names.intern("pgsql.query")),
      completed(names.intern("pgsql.completed")),
      code(names.intern("pgsql.code")) {}

void PgsqlTransaction::fill(EventBuilder& builder) const {
  if (request && (request->kind == PgsqlRequestKind::query || request->kind == PgsqlRequestKind::extended))
    builder.set(fields_.query, request->text);
  if (request)
    for (const auto& [name, value] : request->parameters)
      if (name == "user") builder.set(field::user_name, value);
  for (const auto& text : response.completed) builder.append(fields_.completed, text);
  for (const auto& [name, value] : response.notice)
    if (name == "code") builder.set(fields_.code, value);
}

}  // namespace tocsin::collectors
