// Options that choose a buffer, and those that look at one of their own.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "rules/signature/parse/snort/translation.h"
#include "rules/signature/parse/value.h"

namespace tocsin::rules::signature {
namespace {

// Parameters of HTTP's options that change nothing here: "with_header" and the like say when to look.
bool is_timing(std::string_view item) noexcept {
  return item == "with_header" || item == "with_body" || item == "with_trailer";
}

Translated no_other_side(const Translation& out, const SnortOption& option) {
  if (!out.to_client()) return {};
  return refuse_option(option, "'request' in a rule about answers is not supported",
                       "Split the rule and join the parts with flowbits");
}

// Parameters of a buffer of HTTP; what is neither goes to `other`.
Translated read_parameters(const Translation& out, const SnortOption& option, std::vector<std::string_view>& other) {
  for (const auto& item : option.items) {
    if (is_timing(item.text)) continue;
    if (item.text != "request") other.push_back(item.text);
    else if (auto done = no_other_side(out, option); !done) return done;
  }
  return {};
}

std::string quoted_pcre(bool negated, std::string_view expression) {
  return std::string(negated ? "!" : "") + "\"/" + std::string(expression) + "/i\"";
}

struct HeaderField {
  std::string_view name;  // lower case
  std::string_view word;
};
// Buffers that hold one header's value as it was sent.
constexpr std::array<HeaderField, 8> header_fields{{{"accept", "http.accept"},
                                                    {"accept-encoding", "http.accept_enc"},
                                                    {"accept-language", "http.accept_lang"},
                                                    {"content-type", "http.content_type"},
                                                    {"location", "http.location"},
                                                    {"referer", "http.referer"},
                                                    {"server", "http.server"},
                                                    {"user-agent", "http.user_agent"}}};

struct FileType {
  std::string_view name;
  std::string_view start;  // expression
};
// First bytes of well-known kinds of file.
constexpr std::array<FileType, 24> file_types{{{"7Z", R"(7z\xBC\xAF\x27\x1C)"},
                                               {"BMP", "BM"},
                                               {"BZ", "BZh"},
                                               {"CAB", "MSCF"},
                                               {"CLASS", R"(\xCA\xFE\xBA\xBE)"},
                                               {"DMG", R"(\x78\x01\x73\x0D)"},
                                               {"ELF", R"(\x7FELF)"},
                                               {"FLV", R"(FLV\x01)"},
                                               {"GIF", "GIF8[79]a"},
                                               {"GZ", R"(\x1F\x8B)"},
                                               {"JPEG", R"(\xFF\xD8\xFF)"},
                                               {"MSEXE", "MZ"},
                                               {"MSOLE2", R"(\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1)"},
                                               {"PDF", "%PDF-"},
                                               {"PNG", R"(\x89PNG\r\n\x1A\n)"},
                                               {"PS", "%!PS"},
                                               {"RAR", R"(Rar!\x1A\x07)"},
                                               {"RIFF", "RIFF"},
                                               {"RTF", R"(\{\\rtf)"},
                                               {"SWF", "[FCZ]WS"},
                                               {"TIFF", R"((?:II\*\x00|MM\x00\*))"},
                                               {"XZ", R"(\xFD7zXZ\x00)"},
                                               {"ZIP", R"(PK\x03\x04)"},
                                               {"ZSTD", R"(\x28\xB5\x2F\xFD)"}}};

struct Function {
  std::string_view name;
  std::string_view number;
};
// Modbus application protocol 1.1b3, section 6.
constexpr std::array<Function, 19> modbus_functions{{{"read_coils", "1"},
                                                     {"read_discrete_inputs", "2"},
                                                     {"read_holding_registers", "3"},
                                                     {"read_input_registers", "4"},
                                                     {"write_single_coil", "5"},
                                                     {"write_single_register", "6"},
                                                     {"read_exception_status", "7"},
                                                     {"diagnostics", "8"},
                                                     {"get_comm_event_counter", "11"},
                                                     {"get_comm_event_log", "12"},
                                                     {"write_multiple_coils", "15"},
                                                     {"write_multiple_registers", "16"},
                                                     {"report_slave_id", "17"},
                                                     {"read_file_record", "20"},
                                                     {"write_file_record", "21"},
                                                     {"mask_write_register", "22"},
                                                     {"read_write_multiple_registers", "23"},
                                                     {"read_fifo_queue", "24"},
                                                     {"encapsulated_interface_transport", "43"}}};

// The word's buffer must match the expression; what was selected before it is selected again.
Translated emit_match(Translation& out, const SnortOption& option, const SnortOptionRow& row, std::string pcre) {
  out.emit(option, row.word);
  out.emit(option, "pcre", std::move(pcre));
  out.restore(option);
  return {};
}

}  // namespace

Translated translate_sticky(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::vector<std::string_view> other;
  if (auto done = read_parameters(out, option, other); !done) return done;
  if (!other.empty()) return refuse_option(option, "'" + std::string(other[0]) + "' is not supported", "Remove it");
  out.select(option, {{row.word, std::string(row.value)}});
  return {};
}

Translated translate_payload(Translation& out, const SnortOption& option, const SnortOptionRow&) {
  if (option.has_value) return refuse_option(option, "takes no value", "Remove it");
  out.select_payload(option);
  return {};
}

// http_uri:path  http_uri:query …
Translated translate_http_uri(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  static constexpr std::array<std::string_view, 6> parts{"scheme", "host", "port", "path", "query", "fragment"};
  std::vector<std::string_view> other;
  if (auto done = read_parameters(out, option, other); !done) return done;
  if (other.empty()) {
    out.select(option, {{row.word, {}}});
    return {};
  }
  if (other.size() > 1 || std::ranges::find(parts, other[0]) == parts.end())
    return refuse_option(option, "'" + std::string(other[0]) + "' is not supported",
                         "Use path, query, fragment, scheme, host or port");
  out.select(option, {{row.word, {}}, {"uri_part", std::string(other[0])}});
  return {};
}

// http_header:field x-name; alone: all of them.
Translated translate_http_header(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::vector<std::string_view> other;
  if (auto done = read_parameters(out, option, other); !done) return done;
  if (other.empty()) {
    out.select(option, {{row.word, {}}});
    return {};
  }
  const auto [key, value] = named_item(other[0]);
  const std::string field = lower_ascii(unquoted(value));
  const bool sane = !field.empty() && field.find_first_of(" :\r\n\",;") == std::string::npos;
  if (other.size() > 1 || key != "field" || !sane)
    return refuse_option(option, "'" + option.raw + "' is not understood",
                         "Write " + option.name.text + ":field NAME;");
  const auto* known = std::ranges::find(header_fields, std::string_view(field), &HeaderField::name);
  if (known != header_fields.end() && row.name == "http_header") out.select(option, {{known->word, {}}});
  else out.select(option, {{"http.header.raw", {}}, {"header_field", field}});
  return {};
}

// http_param:"name",nocase: its value in the query.
Translated translate_http_param(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto quoted = option.items.empty() ? std::nullopt : parse_quoted(option.items[0].text);
  const bool nocase = option.items.size() == 2 && option.items[1].text == "nocase";
  if (!quoted || quoted->negated || quoted->text.empty() || option.items.size() > (nocase ? 2U : 1U))
    return refuse_option(option, "'" + option.raw + "' is not understood", "Write http_param:\"name\",nocase;");
  out.ast.remarks.push_back({"S0384", "http_param looks at the query, not at forms in a body",
                             "Add a rule on http_client_body for those", option.name.place});
  const auto name = std::string(quoted->text) + (nocase ? "\",nocase" : "\"");
  out.select(option, {{row.word, {}}, {"uri_parameter", '"' + name}});
  return {};
}

Translated translate_http_count(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::vector<std::string_view> other;
  if (auto done = read_parameters(out, option, other); !done) return done;
  auto range = other.size() == 1 ? translate_range(other[0], row.ends) : std::nullopt;
  if (!range) return refuse_option(option, "'" + option.raw + "' is not a number or range", "Write 5, >5 or 5<=>10");
  out.emit(option, row.word, (out.to_client() ? "to_client," : "to_server,") + *range);
  out.restore(option);
  return {};
}

// http_version_match:"1.0 1.1"
Translated translate_http_version_match(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string any;
  for (const auto word : split(unquoted(option.raw), ' ')) {
    if (word.empty()) continue;
    const bool version =
        word.size() == 3 && word[1] == '.' && parse_unsigned(word.substr(0, 1)) && parse_unsigned(word.substr(2));
    if (!version)
      return refuse_option(option, "'" + std::string(word) + "' is not supported", "Name versions such as 1.1");
    any += (any.empty() ? "" : "|") + std::string(1, word[0]) + "\\." + word[2];
  }
  if (any.empty()) return refuse_option(option, "names no version", "Write http_version_match:\"1.0 1.1\";");
  return emit_match(out, option, row, quoted_pcre(false, "^HTTP\\/(?:" + any + ")$"));
}

// sip_method:invite,bye  sip_method:!ack
Translated translate_sip_method(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  bool negated = false;
  std::string any;
  for (const auto& item : option.items) {
    std::string_view word = unquoted(item.text);
    if (word.starts_with('!')) {
      negated = true;
      word.remove_prefix(1);
    }
    if (word.empty() ||
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos)
      return refuse_option(option, "'" + item.text + "' is not a method", "Write sip_method:invite,bye;");
    any += (any.empty() ? "" : "|") + std::string(word);
  }
  if (any.empty() || (negated && option.items.size() > 1))
    return refuse_option(option, "'" + option.raw + "' is not understood", "Negate one method, or list several");
  return emit_match(out, option, row, quoted_pcre(negated, "^(?:" + any + ")$"));
}

// sip_stat_code:200,4 — a digit alone stands for the hundred.
Translated translate_sip_stat_code(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string any;
  for (const auto& item : option.items) {
    const auto number = parse_unsigned(item.text);
    const bool hundred = number && *number >= 1 && *number <= 9;
    if (!hundred && (!number || *number < 100 || *number > 999))
      return refuse_option(option, "'" + item.text + "' is not a code", "Write sip_stat_code:200,4;");
    any += (any.empty() ? "" : "|") + item.text + (hundred ? "\\d\\d" : "");
  }
  if (any.empty()) return refuse_option(option, "names no code", "Write sip_stat_code:200,4;");
  return emit_match(out, option, row, quoted_pcre(false, "^(?:" + any + ")$"));
}

// file_type:"PDF,MSEXE": by the first bytes.
Translated translate_file_type(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string any;
  const auto names = split(unquoted(option.raw), ',');
  for (auto name : names) {
    name = trim(name);
    const auto* found = std::ranges::find_if(file_types, [&](const FileType& type) {
      return equals_ignoring_case(type.name, name.substr(0, name.find('_')));
    });
    if (found == file_types.end())
      return refuse_option(option, "the type '" + std::string(name) + "' is not known",
                           "Use PDF, MSEXE, ZIP, RAR, MSOLE2, ELF, SWF and the like, or a content");
    if (name.find('_') != std::string_view::npos)
      return refuse_option(option, "versions of a type ('" + std::string(name) + "') are not told apart",
                           "Name the type alone");
    any += (any.empty() ? "" : "|") + std::string(found->start);
  }
  return emit_match(out, option, row, "\"/^(?:" + any + ")/s\"");
}

// Keywords that choose a buffer themselves and leave the payload selected.
Translated translate_own_buffer(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  if (row.ends == Ends::none) {
    out.emit(option, row.word, std::string(row.value) + std::string(unquoted(option.raw)));
  } else {
    auto range = option.items.size() == 1 ? translate_range(option.items[0].text, row.ends) : std::nullopt;
    if (!range) return refuse_option(option, "'" + option.raw + "' is not a number or range", "Write 5, >5 or 5<=>10");
    out.emit(option, row.word, std::string(row.value) + *range);
  }
  out.restore(option);
  return {};
}

// dce_iface:uuid 4b324fc8-…,version <2,any_frag
Translated translate_dce_interface(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string value;
  for (const auto& item : option.items) {
    const auto [name, rest] = named_item(item.text);
    if (!value.empty()) value += ',';
    value += name == "uuid" || name == "version" ? rest : std::string_view(item.text);
  }
  out.emit(option, row.word, std::move(value));
  out.restore(option);
  return {};
}

Translated translate_modbus_function(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto word = lower_ascii(unquoted(option.raw));
  const auto* found = std::ranges::find(modbus_functions, std::string_view(word), &Function::name);
  const bool named = found != modbus_functions.end();
  if (!named && !parse_unsigned(word))
    return refuse_option(option, "'" + option.raw + "' is not a function", "Write modbus_func:read_coils; or a number");
  out.emit(option, row.word, "function " + (named ? std::string(found->number) : word));
  out.restore(option);
  return {};
}

Translated translate_modbus_unit(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  if (!parse_unsigned(option.raw))
    return refuse_option(option, "'" + option.raw + "' is not a number", "Write modbus_unit:1;");
  out.emit(option, row.word, "unit " + option.raw);
  out.restore(option);
  return {};
}

// dnp3_obj:group 50,var 1
Translated translate_dnp3_object(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  std::string_view group, variation;
  for (const auto& item : option.items) {
    const auto [name, value] = named_item(item.text);
    if (name == "group") group = value;
    else if (name == "var") variation = value;
  }
  if (group.empty() || variation.empty())
    return refuse_option(option, "'" + option.raw + "' is not understood", "Write dnp3_obj:group 50,var 1;");
  out.emit(option, row.word, std::string(group) + ',' + std::string(variation));
  out.restore(option);
  return {};
}

}  // namespace tocsin::rules::signature
