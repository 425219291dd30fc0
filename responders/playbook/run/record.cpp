#include <charconv>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/playbook/run/run.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
}

std::uint32_t number_of(const std::string& text) {
  std::uint32_t out = UINT32_MAX;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

std::string render_json(const RunRecord& record) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("kind", run_record_kind_name(record.kind))
      .member("time", record.time.time_since_epoch().count())
      .member("execution", record.execution)
      .member("step", record.step)
      .member("status", record.status)
      .member("detail", record.detail)
      .key("outputs")
      .begin_array();
  for (const auto& [name, value] : record.outputs) writer.begin_array().value(name).value(value).end_array();
  writer.end_array().end_object();
  return out;
}

Result<RunRecord> parse_run_record(std::string_view text) {
  boost::system::error_code problem;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), problem);
  const auto* object = problem ? nullptr : root.if_object();
  const auto kind = object == nullptr ? std::nullopt : parse_run_record_kind(text_of(*object, "kind"));
  if (!kind) return fail(Code::invalid, "this is not a record of a run");
  RunRecord out;
  out.kind = *kind;
  if (const auto* time = object->if_contains("time"); time != nullptr && time->is_int64())
    out.time = Time(Duration(time->get_int64()));
  out.execution = text_of(*object, "execution");
  out.step = text_of(*object, "step");
  out.status = text_of(*object, "status");
  out.detail = text_of(*object, "detail");
  if (const auto* outputs = object->if_contains("outputs"); outputs != nullptr && outputs->is_array())
    for (const auto& item : outputs->get_array()) {
      const auto* pair = item.if_array();
      if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
        return fail(Code::invalid, "a record of a run has outputs that are not pairs of texts");
      out.outputs.emplace_back(std::string(std::string_view((*pair)[0].get_string())),
                               std::string(std::string_view((*pair)[1].get_string())));
    }
  return out;
}

Result<RunSpec> spec_of_records(std::string id, const std::vector<RunRecord>& records, const PlaybookLibrary& library) {
  if (records.empty() || records.front().kind != RunRecord::Kind::started)
    return fail(Code::invalid, "the records of the run do not begin with its start");
  const RunRecord& started = records.front();
  RunSpec out;
  out.id = std::move(id);
  out.mode = RunMode::apply;
  const std::size_t space = started.detail.find(' ');
  const std::string playbook = started.detail.substr(0, space);
  const std::string version = space == std::string::npos ? std::string() : started.detail.substr(space + 1);
  out.plan = library.find(playbook, version);
  if (!out.plan)
    return fail(Code::not_found, fmt::format("its playbook {} (version {}) is not there any more",
                                             escape_terminal(playbook), escape_terminal(version)));
  for (const auto& [name, value] : started.outputs) {
    if (name == "incident") out.incident = value;
    else if (name == "reason") out.reason = value;
    else if (name == "uid") out.behalf.uid = number_of(value);
    else if (name == "login_uid") out.behalf.login_uid = number_of(value);
    else if (name == "tlp")
      out.tlp = value.empty() ? rules::Tlp::none : rules::parse_tlp(value).value_or(rules::Tlp::red);
    else read_cause(name, value, out.cause);
  }
  for (const RunRecord& record : records)
    if (record.kind == RunRecord::Kind::input) out.inputs.emplace_back(record.execution, record.detail);
  return out;
}

}  // namespace tocsin::responders
