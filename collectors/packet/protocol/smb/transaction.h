#pragma once
// One command of SMB and its answer, one file from its first byte to its closing, or one DCE/RPC call through a pipe.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "collectors/packet/protocol/dcerpc/transaction.h"
#include "collectors/packet/protocol/smb/authentication.h"
#include "collectors/packet/protocol/smb/header.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// What the two sides agreed on; shared by the transactions of a connection.
struct SmbAgreement {
  std::string dialect = "unknown";
  std::uint32_t read_most = 0;
  std::uint32_t write_most = 0;
};

struct SmbNegotiation {
  std::vector<std::string> dialects;
  std::optional<SmbFileId> client;
  SmbFileId server;
};
struct SmbHost {
  std::string system, manager;  // native OS, native LAN manager
};
struct SmbLogon {
  std::optional<NtlmLogon> ntlm;
  std::optional<KerberosService> kerberos;
  std::optional<SmbHost> request, response;
};
struct SmbTree {
  std::string name;
  bool pipe = false;
  std::uint8_t kind = 0;  // SMB2: 1 disk, 2 pipe, 3 print
  std::string service_asked;
  std::optional<std::string> service;
};
struct SmbCreation {
  std::string name;
  std::uint32_t disposition = 0;
  bool delete_on_close = false;
  bool directory = false;
  std::array<std::uint64_t, 4> times{};  // created, accessed, modified, changed; seconds of Unix
  std::uint64_t size = 0;
  SmbFileId file;
};
struct SmbRename {
  std::string from, to;
  std::optional<SmbFileId> file;
};
struct SmbDisposition {
  std::string name;
  bool remove = false;
  std::uint16_t subcommand = 0;  // SMB1: of TRANS2
  std::uint16_t level = 0;
  std::optional<SmbFileId> file;
};
struct SmbControl {
  std::uint32_t function = 0;
};
// A file in one direction. Parts that come too early wait, within bounds.
struct SmbFile {
  SmbFileId file;
  Direction direction = Direction::to_server;
  std::uint32_t id = 0;  // of the conversation's files
  std::string name, share;
  std::uint64_t next = 0;  // offset up to which it was handed on
  bool ended = false;
  std::vector<std::uint8_t> kept;  // its beginning, for file.data
  struct Early {
    std::vector<std::uint8_t> bytes;
  };
  std::map<std::uint64_t, Early> early;
  std::size_t early_size = 0;
};

// Fields that the schema does not know, interned once per worker.
struct SmbFields {
  Field command, status, dialect, share, pipe, disposition, version;
  DcerpcFields dcerpc;
  explicit SmbFields(FieldNames& names);
};

class SmbTransaction final : public Transaction {
 public:
  SmbTransaction(const SmbFields& fields, std::shared_ptr<const SmbAgreement> agreement)
      : fields_(fields), agreement_(std::move(agreement)) {
    protocol = Protocol::smb;
  }

  std::uint8_t version = 2;
  std::uint16_t command = 0;
  std::uint64_t session = 0;
  std::uint32_t tree = 0;
  std::uint64_t message = 0;
  std::optional<std::uint32_t> status;
  bool dos_error = false;
  std::array<bool, 2> done{};
  std::variant<std::monostate, SmbNegotiation, SmbLogon, SmbTree, SmbCreation, SmbRename, SmbDisposition, SmbControl,
               SmbFile, DcerpcCall>
      detail;

  template <class Kind>
  Kind* as() noexcept {
    return std::get_if<Kind>(&detail);
  }
  template <class Kind>
  const Kind* as() const noexcept {
    return std::get_if<Kind>(&detail);
  }
  void set_status(const SmbHeader& header) noexcept {
    status = header.status;
    dos_error = header.dos_error;
  }
  std::string command_name() const;
  std::string status_name() const;

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction direction) const override;
  bool complete(Direction direction) const override { return done[collectors::index(direction)]; }
  void fill(EventBuilder& builder) const override;
  std::uint32_t record_count(const RecordDetail& detail) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

 private:
  void describe_detail(JsonWriter& json) const;

  const SmbFields& fields_;
  std::shared_ptr<const SmbAgreement> agreement_;
};

}  // namespace tocsin::collectors
