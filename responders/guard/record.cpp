#include "responders/guard/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/descriptor.h"
#include "collectors/base/digest.h"
#include "collectors/base/json.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr std::uint64_t journal_bytes_most = 256ULL << 20U;
constexpr std::string_view hash_mark = ",\"hash\":\"";

void write_pairs(JsonWriter& writer, std::string_view name,
                 const std::vector<std::pair<std::string, std::string>>& pairs) {
  writer.key(name).begin_object();
  for (const auto& [key, value] : pairs) writer.member(key, value);
  writer.end_object();
}

// Everything but the closing hash.
std::string render_line(const GuardRecord& r, std::uint64_t sequence, const std::string& previous) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("seq", sequence)
      .member("time", render_time(r.time))
      .member("nanoseconds", r.time.time_since_epoch().count())
      .member("kind", r.kind)
      .member("key", r.key)
      .member("action", r.action);
  write_pairs(writer, "parameters", r.parameters);
  writer.member("incident", r.incident)
      .member("playbook", r.playbook)
      .member("step", r.step)
      .member("reason", r.reason)
      .member("uid", r.uid)
      .member("login_uid", r.login_uid)
      .member("behalf_uid", r.behalf_uid)
      .member("behalf_login_uid", r.behalf_login_uid)
      .member("rule", r.rule)
      .member("depth", r.depth)
      .member("detail", r.detail)
      .member("undo_token", r.undo_token);
  write_pairs(writer, "outputs", r.outputs);
  if (r.expires) writer.member("expires", r.expires->time_since_epoch().count());
  writer.member("previous", previous).end_object();
  out.pop_back();  // the hash goes inside
  return out;
}

std::string text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
}
template <class Integer>
std::optional<Integer> number_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code problem;
  const auto number = value->to_number<Integer>(problem);
  if (problem) return std::nullopt;
  return number;
}
std::vector<std::pair<std::string, std::string>> pairs_of(const json::object& object, const char* name) {
  std::vector<std::pair<std::string, std::string>> out;
  if (const auto* value = object.if_contains(name); value != nullptr && value->is_object())
    for (const auto& [key, text] : value->get_object())
      if (text.is_string()) out.emplace_back(std::string(key), std::string(std::string_view(text.get_string())));
  return out;
}

std::optional<GuardRecord> parse_line(std::string_view line) {
  boost::system::error_code problem;
  const json::value root = json::parse(json::string_view(line.data(), line.size()), problem);
  const auto* object = problem ? nullptr : root.if_object();
  if (object == nullptr) return std::nullopt;
  GuardRecord r;
  r.kind = text_of(*object, "kind");
  r.key = text_of(*object, "key");
  r.action = text_of(*object, "action");
  r.parameters = pairs_of(*object, "parameters");
  r.incident = text_of(*object, "incident");
  r.playbook = text_of(*object, "playbook");
  r.step = text_of(*object, "step");
  r.reason = text_of(*object, "reason");
  r.uid = number_of<std::uint32_t>(*object, "uid").value_or(UINT32_MAX);
  r.login_uid = number_of<std::uint32_t>(*object, "login_uid").value_or(UINT32_MAX);
  r.behalf_uid = number_of<std::uint32_t>(*object, "behalf_uid").value_or(UINT32_MAX);
  r.behalf_login_uid = number_of<std::uint32_t>(*object, "behalf_login_uid").value_or(UINT32_MAX);
  r.rule = text_of(*object, "rule");
  r.depth = static_cast<std::uint8_t>(number_of<std::uint32_t>(*object, "depth").value_or(0));
  r.detail = text_of(*object, "detail");
  r.undo_token = text_of(*object, "undo_token");
  r.outputs = pairs_of(*object, "outputs");
  if (const auto expires = number_of<std::int64_t>(*object, "expires")) r.expires = Time(Duration(*expires));
  r.time = Time(Duration(number_of<std::int64_t>(*object, "nanoseconds").value_or(0)));
  return r;
}

}  // namespace

Result<std::unique_ptr<GuardJournal>> GuardJournal::open(const std::string& path, std::vector<GuardRecord>& records) {
  std::unique_ptr<GuardJournal> out(new GuardJournal);
  out->file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out->file_ < 0) return fail_errno(fmt::format("cannot open the journal {}", path), errno);
  const auto read = read_all(out->file_, journal_bytes_most);
  if (!read) return fail_errno("cannot read the journal", errno);
  const std::string& text = *read;
  if (text.size() > journal_bytes_most) return fail(Code::exhausted, "the journal is larger than 256 MiB; archive it");
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t end = text.find('\n', position);
    if (end == std::string::npos) break;  // cut short by a crash: it was never acted on
    const std::string_view line = std::string_view(text).substr(position, end - position);
    const std::size_t mark = line.rfind(hash_mark);
    const auto record = parse_line(line);
    const bool whole = record && mark != std::string_view::npos && line.size() == mark + hash_mark.size() + 66;
    const std::string hash = whole ? std::string(line.substr(mark + hash_mark.size(), 64)) : std::string();
    const std::string body(line.substr(0, whole ? mark : 0));
    if (!whole || render_digest(sha256(as_bytes(body))) != hash ||
        body.find(fmt::format("\"previous\":\"{}\"", out->head_)) == std::string::npos)
      return fail(Code::conflict, fmt::format("the journal {} was changed at line {}: the hash chain does not hold",
                                              path, out->sequence_ + 1));
    out->head_ = hash;
    ++out->sequence_;
    records.push_back(*record);
    position = end + 1;
  }
  out->bytes_ = position;
  if (position != text.size() && ::ftruncate(out->file_, static_cast<off_t>(position)) != 0)
    return fail_errno("cannot drop the unfinished line of the journal", errno);
  return out;
}

GuardJournal::~GuardJournal() {
  if (file_ < 0) return;
  [[maybe_unused]] const auto synced = sync();  // what is not sure is looked up
  ::close(file_);
}

Result<void> GuardJournal::sync() {
  if (synced_) return {};
  if (::fdatasync(file_) != 0) return fail_errno("cannot make the journal durable", errno);
  synced_ = true;
  return {};
}

// Half a line, or one that nobody counts, would break the chain for good.
Result<void> GuardJournal::cut_back(const char* what) {
  const int reason = errno;
  if (::ftruncate(file_, static_cast<off_t>(bytes_)) != 0)
    return fail_errno(fmt::format("{} and not mend the journal", what), reason);
  return fail_errno(fmt::format("{} the journal", what), reason);
}

Result<void> GuardJournal::append(const GuardRecord& record, Sync when) {
  const std::string body = render_line(record, sequence_ + 1, head_);
  const std::string hash = render_digest(sha256(as_bytes(body)));
  const std::string line = fmt::format("{}{}{}\"}}\n", body, hash_mark, hash);
  if (bytes_ + line.size() > journal_bytes_most) return fail(Code::exhausted, "the journal is full; archive it");
  if (!write_all(file_, as_bytes(line))) return cut_back("cannot write");
  if (when == Sync::now && ::fdatasync(file_) != 0) return cut_back("cannot sync");
  synced_ = when == Sync::now;
  bytes_ += line.size();
  head_ = hash;
  ++sequence_;
  return {};
}

std::optional<std::string> JournalAnchor::tell(std::uint64_t sequence, std::string_view head, Time now) {
  next_ = now + interval;
  if (sequence == 0 || told_ == sequence) return std::nullopt;
  told_ = sequence;
  return fmt::format("anchor: line {} of the journal ends with {}", sequence, head);
}

}  // namespace tocsin::responders
