// The data channel: one file, in the direction in which the first byte goes.

#include <utility>

#include "collectors/packet/protocol/ftp/parser.h"

namespace tocsin::collectors {

namespace {

class FtpDataFactory final : public ProtocolFactory {
 public:
  FtpDataFactory(const FtpOptions& options, FieldNames& names) : options_(options), fields_(names) {}
  std::unique_ptr<ProtocolParser> make(const Flow&) override {
    return std::make_unique<FtpDataParser>(options_, fields_, nullptr);
  }
  std::unique_ptr<ProtocolParser> make_expected(const Flow&, const ExpectedFlow& expected) override {
    return std::make_unique<FtpDataParser>(options_, fields_,
                                           dynamic_cast<const FtpAgreement*>(expected.agreement.get()));
  }

 private:
  const FtpOptions& options_;
  const FtpFields fields_;
};

}  // namespace

Probe probe_ftp_data(const ProbeInput&) { return Probe::no; }

std::unique_ptr<ProtocolFactory> make_ftp_data_factory(const PacketOptions& options, FieldNames& names) {
  return std::make_unique<FtpDataFactory>(options.ftp, names);
}

FtpDataParser::FtpDataParser(const FtpOptions& options, const FtpFields& fields, const FtpAgreement* agreement)
    : options_(options),
      transaction_(std::make_unique<FtpDataTransaction>(fields,
                                                        agreement == nullptr ? FtpTransfer::none : agreement->transfer,
                                                        agreement == nullptr ? std::string() : agreement->file_name)) {}

ParserState FtpDataParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (transaction_ == nullptr) return ParserState::more;
  const bool first = !sender_;
  if (first) sender_ = direction;
  if (direction != *sender_) return ParserState::more;
  const std::uint64_t lost = std::exchange(lost_, 0);
  size_ += lost;
  transaction_->add(direction, bytes, options_.inspected_most);
  output.file(transaction_.get(), direction, {0, transaction_->name(), size_, bytes, lost, false, false});
  size_ += bytes.size();
  output.progressed(*transaction_, direction);
  if (first) output.progressed(*transaction_, opposite(direction));
  return ParserState::more;
}

ParserState FtpDataParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput&) {
  if (!sender_ || direction == *sender_) lost_ += count;
  return ParserState::more;
}

void FtpDataParser::end(Direction direction, Time, ParserOutput& output) {
  if (sender_ && direction == *sender_) close(lost_ == 0, output);
}

void FtpDataParser::close(bool whole, ParserOutput& output) {
  if (transaction_ == nullptr) return;
  if (sender_) {
    transaction_->set_ended();
    output.file(transaction_.get(), *sender_, {0, transaction_->name(), size_, {}, 0, true, !whole});
    output.progressed(*transaction_, *sender_);
    output.progressed(*transaction_, opposite(*sender_));
  }
  output.finished(std::move(transaction_));
}

void FtpDataParser::finish(ParserOutput& output) { close(false, output); }

}  // namespace tocsin::collectors
