#include "collectors/packet/protocol/nfs/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t nfs_program = 100'003;
constexpr std::size_t mark_size = 4, names_most = 1'024;

}  // namespace

std::unique_ptr<ProtocolFactory> make_nfs_factory(const PacketOptions& options, FieldNames& names) {
  return stream_factory_of<NfsParser>(std::cref(options.nfs), NfsFields(names));
}

// A call of the program. A reply does not say of which it is: only the port can tell.
Probe probe_nfs(const ProbeInput& input) {
  Bytes bytes = input.bytes;
  if (input.stream) {
    if (!bytes.empty() && bytes[0] != 0x80) return Probe::no;
    if (bytes.size() < mark_size) return Probe::more;
    bytes = bytes.subspan(mark_size);
  }
  if (bytes.size() < 20) return input.stream ? Probe::more : Probe::no;
  ByteReader reader(bytes);
  reader.skip(4);
  const std::uint32_t kind = reader.u32();
  const std::uint32_t rpc = reader.u32();
  const std::uint32_t program = reader.u32();
  const std::uint32_t version = reader.u32();
  if (kind == 0 && rpc == 2 && program == nfs_program && version >= 2 && version <= 4) {
    if (input.direction == Direction::to_server) return Probe::yes;
    return input.beginning_unseen ? Probe::reversed : Probe::no;
  }
  const bool from_server = input.direction == Direction::to_server && input.client_port == nfs_ports[0];
  const bool answer = kind == 1 && rpc <= 1 && parse_rpc_reply(bytes);
  return answer && input.beginning_unseen && from_server ? Probe::reversed : Probe::no;
}

ParserState NfsParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!stream_) {
    message(direction, bytes, output);
    return ParserState::more;
  }
  Side& side = side_[index(direction)];
  while (!bytes.empty()) {
    if (side.left == 0) {
      const std::size_t count = std::min(bytes.size(), mark_size - side.mark.size());
      side.mark.insert(side.mark.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
      bytes = bytes.subspan(count);
      if (side.mark.size() < mark_size) return ParserState::more;
      const std::uint32_t mark = ByteReader(side.mark).u32();
      side.mark.clear();
      side.last = (mark & 0x8000'0000U) != 0;
      side.left = mark & 0x7FFF'FFFFU;
      side.skip = side.skip || side.message.size() + side.left > options_.message_most;
    }
    const std::size_t count = std::min(bytes.size(), side.left);
    if (!side.skip)
      side.message.insert(side.message.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    side.left -= count;
    if (side.left != 0 || !side.last) continue;
    if (side.skip) output.event(PacketEvent::nfs_malformed_data);
    else message(direction, side.message, output);
    side.message.clear();
    side.skip = side.last = false;
  }
  return ParserState::more;
}

// Within a fragment a loss is stepped over; the record it belongs to is given up.
ParserState NfsParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput&) {
  Side& side = side_[index(direction)];
  if (count > side.left) return ParserState::failed;
  side.left -= static_cast<std::size_t>(count);
  side.skip = side.left != 0 || !side.last;
  side.message.clear();
  return ParserState::more;
}

void NfsParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  if (direction == Direction::to_server) call(bytes, output);
  else reply(bytes, output);
}

NfsTransaction* NfsParser::find(std::uint64_t number) noexcept {
  const auto found = std::ranges::find_if(open_, [&](const Held& held) { return held->number == number; });
  return found == open_.end() ? nullptr : found->get();
}

NfsTransaction* NfsParser::find_file(Bytes handle, Direction direction) noexcept {
  for (auto& held : open_)
    if (held->file && held->file->direction == direction && std::ranges::equal(held->handle, handle)) return held.get();
  return nullptr;
}

NfsTransaction& NfsParser::open(const RpcCall& from, const NfsCall& call, ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    open_.front()->events.set(static_cast<std::size_t>(PacketEvent::nfs_too_many_transactions));
    close(*open_.front(), output);
  }
  auto fresh = std::make_unique<NfsTransaction>(fields_);
  fresh->number = transactions_++;
  fresh->call = from.id;
  fresh->version = call.version;
  fresh->procedure = call.procedure;
  fresh->credentials = from.credentials;
  fresh->action = call.action;
  fresh->handle.assign(call.handle.begin(), call.handle.end());
  fresh->name = as_text(call.name);
  fresh->new_name = as_text(call.new_name);
  if (call.name.empty())
    if (const auto known = names_.find(fresh->handle); known != names_.end()) fresh->name = known->second;
  open_.push_back(std::move(fresh));
  return *open_.back();
}

NfsTransaction& NfsParser::open_file(const RpcCall& from, const NfsCall& call, Direction direction,
                                     ParserOutput& output) {
  if (auto* found = find_file(call.handle, direction)) return *found;
  auto& fresh = open(from, call, output);
  NfsFile file;
  file.id = files_++;
  file.direction = direction;
  fresh.file = std::move(file);
  fresh.credentials = {};  // its calls may be of several accounts
  return fresh;
}

void NfsParser::call(Bytes bytes, ParserOutput& output) {
  const auto from = parse_rpc_call(bytes);
  if (!from || from->program != nfs_program) {
    output.event(PacketEvent::nfs_malformed_data);
    return;
  }
  if (from->version < 2 || from->version > 4) {
    output.event(from->version == 0 ? PacketEvent::nfs_nonexistent_version : PacketEvent::nfs_unsupported_version);
    return;
  }
  const auto wanted = parse_nfs_call(from->version, from->procedure, from->arguments);
  if (!wanted) {
    output.event(PacketEvent::nfs_malformed_data);
    return;
  }
  Pending due;
  due.version = wanted->version;
  due.action = wanted->action;
  due.handle.assign(wanted->handle.begin(), wanted->handle.end());
  due.name = as_text(wanted->name);
  due.offset = wanted->offset;
  due.last = wanted->last;
  due.reported = wanted->reported;
  const bool writes = wanted->action == NfsAction::write;
  if (wanted->action == NfsAction::commit) {
    due.reported = false;
    due.last = true;
  }
  if (due.reported) {
    auto& transaction = writes || wanted->action == NfsAction::read
                            ? open_file(*from, *wanted, writes ? Direction::to_server : Direction::to_client, output)
                            : open(*from, *wanted, output);
    due.transaction = transaction.number;
    if (writes) chunk(transaction, wanted->offset, wanted->data, from->id, output);
    output.progressed(transaction, Direction::to_server);
  }
  if (pending_.size() >= options_.transactions_most) pending_.erase(pending_.begin());
  pending_[from->id] = std::move(due);
}

void NfsParser::reply(Bytes bytes, ParserOutput& output) {
  const auto from = parse_rpc_reply(bytes);
  if (!from) {
    output.event(PacketEvent::nfs_malformed_data);
    return;
  }
  const auto found = pending_.find(from->id);
  if (found == pending_.end()) return;  // its call was not seen
  const Pending due = std::move(found->second);
  pending_.erase(found);
  std::optional<NfsResult> result;
  if (from->accepted && from->outcome == 0) result = parse_nfs_result(due.version, due.action, from->results);
  if (result && !result->handle.empty() && !due.name.empty()) remember(result->handle, due.name);
  if (due.action == NfsAction::commit) {
    for (const auto direction : {Direction::to_server, Direction::to_client})
      if (auto* file = find_file(due.handle, direction)) close(*file, output);
    return;
  }
  auto* transaction = due.reported ? find(due.transaction) : nullptr;
  if (transaction == nullptr) return;
  transaction->accepted = from->accepted;
  transaction->answered = true;
  if (result) transaction->status = result->status;
  if (!transaction->file) {
    output.progressed(*transaction, Direction::to_client);
    return close(*transaction, output);
  }
  if (due.action == NfsAction::read && result) chunk(*transaction, due.offset, result->data, from->id, output);
  output.progressed(*transaction, Direction::to_client);
  if (due.last || (result && result->end)) close(*transaction, output);
}

void NfsParser::chunk(NfsTransaction& transaction, std::uint64_t offset, Bytes bytes, std::uint32_t id,
                      ParserOutput& output) {
  auto& file = *transaction.file;
  ++file.chunks;
  file.last_call = id;
  if (offset < file.next) {  // sent again, wholly or in part
    const std::uint64_t known = std::min<std::uint64_t>(file.next - offset, bytes.size());
    bytes = bytes.subspan(static_cast<std::size_t>(known));
    offset += known;
  }
  if (bytes.empty() || offset > ~std::uint64_t{0} - bytes.size()) return;
  const std::uint64_t lost = offset - file.next;
  file.lossy = file.lossy || lost != 0;
  output.file(&transaction, file.direction, {file.id, transaction.name, offset, bytes, lost, false, false});
  file.next = offset + bytes.size();
  if (file.kept.size() < options_.file_inspected_most) {
    const auto room = static_cast<std::size_t>(options_.file_inspected_most - file.kept.size());
    const Bytes part = bytes.first(std::min(room, bytes.size()));
    file.kept.insert(file.kept.end(), part.begin(), part.end());
  }
}

void NfsParser::close(NfsTransaction& transaction, ParserOutput& output) {
  const auto at = std::ranges::find_if(open_, [&](const Held& held) { return held.get() == &transaction; });
  Held held = std::move(*at);
  open_.erase(at);
  held->answered = true;
  if (held->file) {
    auto& file = *held->file;
    file.ended = true;
    // Asked for and never answered: there is no file.
    if (file.chunks != 0)
      output.file(held.get(), file.direction, {file.id, held->name, file.next, {}, 0, true, file.lossy});
    output.progressed(*held, file.direction);
  }
  output.finished(std::move(held));
}

void NfsParser::remember(Bytes handle, std::string name) {
  if (names_.size() >= names_most) names_.erase(names_.begin());
  names_[Handle(handle.begin(), handle.end())] = std::move(name);
}

void NfsParser::finish(ParserOutput& output) {
  while (!open_.empty()) close(*open_.front(), output);
  pending_.clear();
}

}  // namespace tocsin::collectors
