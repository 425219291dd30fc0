#pragma once
// One call of NFS with its reply; reads and writes of one file are one transaction.

#include <optional>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/nfs/call.h"
#include "collectors/packet/protocol/nfs/rpc.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct NfsFields {
  Field version, procedure, file, status;
  explicit NfsFields(FieldNames& names);
};

// Of a file that goes over the wire in pieces.
struct NfsFile {
  std::uint32_t id = 0;
  Direction direction = Direction::to_server;
  std::uint64_t next = 0;  // offset of what comes next
  std::uint64_t chunks = 0;
  std::uint32_t last_call = 0;
  bool lossy = false;  // pieces are missing
  bool ended = false;
  std::vector<std::uint8_t> kept;  // its beginning, for rules
};

class NfsTransaction final : public Transaction {
 public:
  explicit NfsTransaction(const NfsFields& fields) : fields_(fields) { protocol = Protocol::nfs; }

  std::uint32_t call = 0;  // its id
  std::uint32_t version = 0, procedure = 0;
  RpcCredentials credentials;
  std::vector<std::uint8_t> handle;
  std::string name, new_name;
  NfsAction action = NfsAction::other;
  bool accepted = true;
  std::uint32_t status = 0;
  bool answered = false;
  std::optional<NfsFile> file;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction) const override { return 1; }
  bool complete(Direction direction) const override;
  void fill(EventBuilder& builder) const override;
  Direction record_sender(const RecordDetail&) const override {
    return file ? Direction::to_server : Direction::to_client;
  }
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  const NfsFields& fields_;
};

}  // namespace tocsin::collectors
