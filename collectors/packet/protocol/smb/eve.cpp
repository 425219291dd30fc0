// SMB as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-smb

#include <algorithm>

#include <fmt/format.h>

#include "collectors/packet/protocol/smb/command.h"
#include "collectors/packet/protocol/smb/transaction.h"

namespace tocsin::collectors {

namespace {

void append(JsonWriter& json, const SmbLogon& logon) {
  const auto text = [&](std::string_view name, const std::string& value) { json.member(name, record_text(value)); };
  if (logon.ntlm) append_ntlm(json, *logon.ntlm);
  if (logon.kerberos) {
    json.key("kerberos").begin_object();
    text("realm", logon.kerberos->realm);
    json.key("snames").begin_array();
    for (const auto& name : logon.kerberos->names) json.value(record_text(name));
    json.end_array().end_object();
  }
  const auto host = [&](std::string_view name, const std::optional<SmbHost>& value) {
    if (!value) return;
    json.key(name).begin_object();
    text("native_os", value->system);
    text("native_lm", value->manager);
    json.end_object();
  };
  host("request", logon.request);
  host("response", logon.response);
}

std::string_view disposition_name(std::uint32_t disposition) noexcept {
  static constexpr std::array<std::string_view, 6> names{"FILE_SUPERSEDE", "FILE_OPEN",      "FILE_CREATE",
                                                         "FILE_OPEN_IF",   "FILE_OVERWRITE", "FILE_OVERWRITE_IF"};
  return disposition < names.size() ? names[disposition] : "UNKNOWN";
}

std::string shown_name(const std::string& name) { return name.empty() ? "<share_root>" : record_text(name); }

void append(JsonWriter& json, const SmbCreation& creation) {
  json.member(creation.directory && !creation.name.empty() ? "directory" : "filename", shown_name(creation.name));
  json.member("disposition", disposition_name(creation.disposition));
  json.member("access", creation.delete_on_close ? "delete on close" : "normal");
  json.member("created", creation.times[0]).member("accessed", creation.times[1]);
  json.member("modified", creation.times[2]).member("changed", creation.times[3]);
  json.member("size", creation.size).member("fuid", creation.file.render());
}

void append(JsonWriter& json, const SmbTree& tree, std::uint8_t version) {
  json.member(tree.pipe ? "named_pipe" : "share", record_text(tree.name));
  if (version == 1) {
    json.key("service").begin_object().member("request", record_text(tree.service_asked));
    if (tree.service) json.member("response", record_text(*tree.service));
    json.end_object();
    return;
  }
  static constexpr std::array<std::string_view, 4> kinds{"UNKNOWN", "FILE", "PIPE", "PRINT"};
  json.member("share_type", tree.kind < kinds.size() ? kinds[tree.kind] : kinds[0]);
}

void append(JsonWriter& json, const SmbRename& rename, std::uint8_t version) {
  if (version == 2) {
    json.key("set_info").begin_object();
    json.member("class", "FILE_INFO").member("info_level", "SMB2_FILE_RENAME_INFO").end_object();
  }
  json.key("rename").begin_object();
  json.member("from", record_text(rename.from)).member("to", record_text(rename.to)).end_object();
  json.member("fuid", rename.file ? rename.file->render() : "");
}

void append(JsonWriter& json, const SmbDisposition& disposition) {
  json.member("filename", shown_name(disposition.name));
  json.member("access", disposition.remove ? "delete on close" : "normal");
  if (disposition.subcommand == 8) json.member("subcmd", "SET_FILE_INFO");
  if (disposition.subcommand == 6) json.member("subcmd", "SET_PATH_INFO");
  if (disposition.level == 1013) json.member("level_of_interest", "Set Disposition Information");
  json.member("fuid", disposition.file ? disposition.file->render() : "");
}

void append(JsonWriter& json, const DcerpcCall& call) {
  json.key("dcerpc").begin_object();
  json.member("request", call.has_request ? dcerpc_type_name(call.request_type) : "REQUEST_LOST");
  json.member("response", call.has_response ? dcerpc_type_name(call.response_type) : "UNREPLIED");
  if (call.is_request()) {
    json.member("opnum", call.opnum);
    json.key("req").begin_object().member("frag_cnt", call.fragments[0]);
    json.member("stub_data_size", call.stub_size[0]).end_object();
  }
  if (call.has_request) call.describe_interfaces(json, DcerpcReasons::zero);
  if (call.has_response && call.response_type == dcerpc_type::response) {
    json.key("res").begin_object().member("frag_cnt", call.fragments[1]);
    json.member("stub_data_size", call.stub_size[1]).end_object();
  }
  json.member("call_id", call.call_id).end_object();
}

void append(JsonWriter& json, const SmbNegotiation& negotiation, const SmbAgreement& agreement) {
  json.key("client_dialects").begin_array();
  for (const auto& dialect : negotiation.dialects) json.value(record_text(dialect));
  json.end_array();
  if (negotiation.client) json.member("client_guid", negotiation.client->render());
  json.member("server_guid", negotiation.server.wide ? negotiation.server.render() : "");
  if (agreement.read_most > 0) json.member("max_read_size", agreement.read_most);
  if (agreement.write_most > 0) json.member("max_write_size", agreement.write_most);
}

}  // namespace

std::uint32_t SmbTransaction::record_count(const RecordDetail& shown) const {
  if (shown.smb.types.empty()) return 1;
  // In the order of `detail`.
  static constexpr std::array<std::string_view, 10> names{"generic", "negotiate", "session_setup",      "tree_connect",
                                                          "create",  "rename",    "set_file_path_info", "ioctl",
                                                          "file",    "dcerpc"};
  static_assert(names.size() == std::variant_size_v<decltype(SmbTransaction::detail)>);
  const auto name = names[detail.index()];
  return std::ranges::find(shown.smb.types, name) != shown.smb.types.end() ? 1 : 0;
}

void SmbTransaction::describe_detail(JsonWriter& json) const {
  if (const auto* negotiation = as<SmbNegotiation>()) append(json, *negotiation, *agreement_);
  else if (const auto* logon = as<SmbLogon>()) append(json, *logon);
  else if (const auto* share = as<SmbTree>()) append(json, *share, version);
  else if (const auto* creation = as<SmbCreation>()) append(json, *creation);
  else if (const auto* rename = as<SmbRename>()) append(json, *rename, version);
  else if (const auto* disposition = as<SmbDisposition>()) append(json, *disposition);
  else if (const auto* control = as<SmbControl>()) json.member("function", smb_control_name(control->function));
  else if (const auto* call = as<DcerpcCall>()) append(json, *call);
  else if (const auto* file = as<SmbFile>()) {
    json.member("filename", record_text(file->name)).member("share", record_text(file->share));
    json.member("fuid", file->file.render());
  }
}

bool SmbTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("smb").begin_object();
  json.member("id", number + 1).member("dialect", record_text(agreement_->dialect));
  json.member("command", command_name());
  if (status) {
    json.member("status", status_name());
    if (dos_error && *status != 0) json.member("status_code", fmt::format("0x{:04x}", *status >> 16));
    else json.member("status_code", fmt::format("0x{:x}", *status));
  }
  json.member("session_id", session).member("tree_id", tree);
  describe_detail(json);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
