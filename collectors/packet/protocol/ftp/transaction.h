#pragma once
// A command of FTP and its answer, and the file of a data channel.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/protocol/parser.h"
#include "collectors/packet/transaction.h"

namespace tocsin::collectors {

// Fields that the schema does not know, interned once per worker.
struct FtpFields {
  Field command;
  Field command_data;
  Field reply;
  Field code;
  Field mode;
  Field dynamic_port;
  explicit FtpFields(FieldNames& names);
};

enum class FtpMode : std::uint8_t { none, active, passive };
enum class FtpTransfer : std::uint8_t { none, retrieve, store };
std::string_view ftp_transfer_name(FtpTransfer transfer) noexcept;  // "RETR", "STOR"

// What the control channel says of the data channel.
struct FtpAgreement final : FlowAgreement {
  FtpTransfer transfer = FtpTransfer::none;
  std::string file_name;
};

struct FtpReply {
  std::string code;  // "226", or empty: a further line without one
  std::string text;
};

class FtpTransaction final : public Transaction {
 public:
  explicit FtpTransaction(const FtpFields& fields) : fields_(fields) { protocol = Protocol::ftp; }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction) const override { return progress_; }
  bool complete(Direction) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

  void set_answered();
  void raise(PacketEvent event) { events.set(static_cast<std::size_t>(event)); }

  std::string command;  // in capitals; empty: the server spoke unasked
  std::string data;
  std::vector<FtpReply> replies;
  FtpMode mode = FtpMode::none;
  std::uint16_t dynamic_port = 0;
  bool bounce = false;  // PORT names another host than the client
  bool command_truncated = false;
  bool reply_truncated = false;

 private:
  const FtpFields& fields_;
  std::uint8_t progress_ = 1;
};

class FtpDataTransaction final : public Transaction {
 public:
  FtpDataTransaction(const FtpFields& fields, FtpTransfer transfer, std::string name)
      : fields_(fields), transfer_(transfer), name_(std::move(name)) {
    protocol = Protocol::ftp_data;
  }

  std::optional<Bytes> buffer(Buffer buffer, Direction direction, std::uint32_t index) const override;
  std::uint8_t progress(Direction) const override { return progress_; }
  bool complete(Direction) const override;
  std::optional<std::uint64_t> number_of(Buffer buffer, Direction direction, std::uint32_t index) const override;
  void fill(EventBuilder& builder) const override;
  bool describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose, std::uint32_t part) const override;

  const std::string& name() const noexcept { return name_; }
  void add(Direction direction, Bytes bytes, std::uint64_t most);
  void set_ended();

 private:
  const FtpFields& fields_;
  const FtpTransfer transfer_;
  const std::string name_;
  Direction direction_ = Direction::to_client;
  std::vector<std::uint8_t> data_;  // its beginning, for rules
  std::uint8_t progress_ = 1;
};

}  // namespace tocsin::collectors
