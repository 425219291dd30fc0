// CSV with named columns. Every column of values gives an entry for each row that fills it; where there is a column of
// types it says what the value is.

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "rules/indicator/parse/csv_header.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/parse/settings.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t columns_most = 256;
constexpr std::size_t field_most = 8192;
constexpr std::size_t record_most = 64 * 1024;
constexpr std::size_t header_lines_most = 200;
constexpr std::size_t broken_most = 100;  // each may cost a look at record_most bytes

struct ColumnRow {
  std::string_view name;
  ColumnUse use;
  std::optional<Kind> kind = std::nullopt;
  bool one_host = false;
};

// Names that exports and feeds use, in lower case with _ between words.
constexpr ColumnRow column_rows[] = {{"indicator", ColumnUse::value},
                                     {"indicator_value", ColumnUse::value},
                                     {"value", ColumnUse::value},
                                     {"ioc", ColumnUse::value},
                                     {"ioc_value", ColumnUse::value},
                                     {"observable", ColumnUse::value},
                                     {"hash", ColumnUse::value},
                                     {"file_hash", ColumnUse::value},
                                     {"ip", ColumnUse::value, Kind::address},
                                     {"ip_address", ColumnUse::value, Kind::address},
                                     {"ipaddress", ColumnUse::value, Kind::address},
                                     {"address", ColumnUse::value, Kind::address},
                                     {"src_ip", ColumnUse::value, Kind::address},
                                     {"dst_ip", ColumnUse::value, Kind::address},
                                     {"dstip", ColumnUse::value, Kind::address},
                                     {"ipv4", ColumnUse::value, Kind::address},
                                     {"ipv6", ColumnUse::value, Kind::address},
                                     {"network", ColumnUse::value, Kind::network},
                                     {"cidr", ColumnUse::value, Kind::network},
                                     {"subnet", ColumnUse::value, Kind::network},
                                     {"domain", ColumnUse::value, Kind::domain},
                                     {"domain_name", ColumnUse::value, Kind::domain},
                                     {"hostname", ColumnUse::value, Kind::domain, true},
                                     {"fqdn", ColumnUse::value, Kind::domain, true},
                                     {"host", ColumnUse::value},
                                     {"url", ColumnUse::value, Kind::url},
                                     {"md5", ColumnUse::value, Kind::md5},
                                     {"md5_hash", ColumnUse::value, Kind::md5},
                                     {"ja3", ColumnUse::value, Kind::md5},
                                     {"ja3_md5", ColumnUse::value, Kind::md5},
                                     {"sha1", ColumnUse::value, Kind::sha1},
                                     {"sha1_hash", ColumnUse::value, Kind::sha1},
                                     {"sha256", ColumnUse::value, Kind::sha256},
                                     {"sha256_hash", ColumnUse::value, Kind::sha256},
                                     {"ja4", ColumnUse::value, Kind::ja4},
                                     {"type", ColumnUse::type},
                                     {"ioc_type", ColumnUse::type},
                                     {"indicator_type", ColumnUse::type},
                                     {"kind", ColumnUse::type},
                                     {"confidence", ColumnUse::confidence},
                                     {"confidence_level", ColumnUse::confidence},
                                     {"tlp", ColumnUse::tlp},
                                     {"marking", ColumnUse::tlp},
                                     {"valid_from", ColumnUse::from},
                                     {"valid_until", ColumnUse::until},
                                     {"until", ColumnUse::until},
                                     {"expires", ColumnUse::until},
                                     {"expiry", ColumnUse::until},
                                     {"expiration", ColumnUse::until},
                                     {"expiration_date", ColumnUse::until},
                                     {"title", ColumnUse::title},
                                     {"description", ColumnUse::title},
                                     {"name", ColumnUse::title},
                                     {"malware", ColumnUse::title},
                                     {"malware_printable", ColumnUse::title},
                                     {"signature", ColumnUse::title},
                                     {"threat", ColumnUse::title},
                                     {"listingreason", ColumnUse::title},
                                     {"comment", ColumnUse::title},
                                     {"reference", ColumnUse::reference},
                                     {"link", ColumnUse::reference},
                                     {"urlhaus_link", ColumnUse::reference},
                                     {"ioc_id", ColumnUse::reference},
                                     {"source", ColumnUse::origin},
                                     {"source_name", ColumnUse::origin},
                                     {"provider", ColumnUse::origin},
                                     {"reporter", ColumnUse::origin},
                                     {"to_ids", ColumnUse::enabled},
                                     {"enabled", ColumnUse::enabled}};

struct TypeRow {
  std::string_view name;
  std::optional<Kind> kind;  // none: told by the value's form
  bool one_host = false;
};
constexpr TypeRow type_rows[] = {{"ip", Kind::address},
                                 {"ipv4", Kind::address},
                                 {"ipv6", Kind::address},
                                 {"ip_address", Kind::address},
                                 {"ipv4_addr", Kind::address},
                                 {"ipv6_addr", Kind::address},
                                 {"ip_src", Kind::address},
                                 {"ip_dst", Kind::address},
                                 {"ip_port", Kind::endpoint},
                                 {"ip:port", Kind::endpoint},
                                 {"ip_dst|port", Kind::endpoint},
                                 {"ip_src|port", Kind::endpoint},
                                 {"endpoint", Kind::endpoint},
                                 {"cidr", Kind::network},
                                 {"network", Kind::network},
                                 {"domain", Kind::domain},
                                 {"domain_name", Kind::domain},
                                 {"hostname", Kind::domain, true},
                                 {"fqdn", Kind::domain, true},
                                 {"url", Kind::url},
                                 {"uri", Kind::url},
                                 {"md5", Kind::md5},
                                 {"md5_hash", Kind::md5},
                                 {"filehash_md5", Kind::md5},
                                 {"ja3", Kind::md5},
                                 {"sha1", Kind::sha1},
                                 {"sha1_hash", Kind::sha1},
                                 {"filehash_sha1", Kind::sha1},
                                 {"sha256", Kind::sha256},
                                 {"sha256_hash", Kind::sha256},
                                 {"filehash_sha256", Kind::sha256},
                                 {"ja4", Kind::ja4},
                                 {"hash", std::nullopt},
                                 {"file", std::nullopt},
                                 {"address", Kind::address}};

std::string plain_name(std::string_view text) {
  auto out = lower_ascii(trim(text));
  for (auto& c : out)
    if (c == ' ' || c == '-' || c == '.') c = '_';
  return out;
}

char separator_of(std::string_view line) {
  std::array<std::size_t, 3> counts{};
  constexpr std::string_view separators = ",;\t";
  for (std::size_t i = 0; i < separators.size(); ++i)
    counts[i] = static_cast<std::size_t>(std::ranges::count(line, separators[i]));
  return separators[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

std::optional<CsvHeader> as_header(std::string_view line, bool named_csv) {
  CsvHeader header;
  header.separator = separator_of(line);
  std::vector<std::string> names;
  std::uint32_t lines = 0;
  if (line.size() > record_most || !take_csv_record(line, header.separator, names, lines)) return std::nullopt;
  if (names.size() < 2 && !named_csv) return std::nullopt;
  std::size_t known = 0;
  bool has_value = false;
  for (const auto& name : names) {
    Column column;
    column.name = name;
    const auto* const row = std::ranges::find(column_rows, plain_name(name), &ColumnRow::name);
    if (row != std::end(column_rows)) {
      column.use = row->use;
      column.kind = row->kind;
      column.one_host = row->one_host;
      has_value = has_value || row->use == ColumnUse::value;
      ++known;
    }
    header.columns.push_back(std::move(column));
  }
  // A row of a list without a header is none, even when one of its fields happens to be a word of ours.
  if (!has_value || (known < 2 && names.size() > 3)) return std::nullopt;
  return header;
}

class CsvReader {
 public:
  CsvReader(CsvHeader header, Intake& intake) : header_(std::move(header)), intake_(intake) {}

  void read(std::string_view text) {
    text.remove_prefix(header_.rows_at);
    std::vector<std::string> fields;
    std::uint32_t line = header_.rows_line;
    std::size_t broken = 0;
    while (!text.empty()) {
      const auto rest = text.substr(0, 2);
      if (rest.starts_with('#') || rest.starts_with("//")) {
        const auto end = text.find('\n');
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++line;
        continue;
      }
      std::uint32_t lines = 0;
      const bool whole = take_csv_record(text, header_.separator, fields, lines);
      if (whole) row(fields, line);
      else intake_.refuse(line, {}, "I0007", "a quote is not closed, or the row is too long", "correct the row");
      if (!whole && ++broken > broken_most)
        return intake_.refuse(line, {}, "I0007", "too many rows are damaged: the rest is not read",
                              "is this a CSV file?");
      line += lines;
    }
  }

 private:
  void row(const std::vector<std::string>& fields, std::uint32_t line) {
    if (fields.size() == 1 && trim(fields.front()).empty()) return;
    Statement statement;
    statement.line = line;
    const TypeRow* type = nullptr;
    std::string_view type_name;
    const auto count = std::min(fields.size(), header_.columns.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto text = trim(fields[i]);
      if (text.empty()) continue;
      if (header_.columns[i].use == ColumnUse::enabled && (text == "0" || equals_ignoring_case(text, "false")))
        return intake_.skip();
      if (header_.columns[i].use == ColumnUse::type) {
        type_name = text;
        const auto* const found = std::ranges::find(type_rows, plain_name(text), &TypeRow::name);
        if (found != std::end(type_rows)) type = found;
      }
      use(header_.columns[i], text, statement);
    }
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& column = header_.columns[i];
      const auto text = trim(fields[i]);
      if (column.use != ColumnUse::value || text.empty()) continue;
      any = true;
      value(column, text, type, type_name, statement);
    }
    if (!any) intake_.refuse(line, {}, "I0001", "the row fills no column of values", "fill one, or take the row out");
  }

  void value(const Column& column, std::string_view text, const TypeRow* type, std::string_view type_name,
             const Statement& statement) {
    if (!column.kind && !type_name.empty() && type == nullptr) {
      intake_.skip();
      return intake_.remark(Severity::note, statement.line, text, "I0006",
                            "values of the type `" + std::string(type_name.substr(0, 40)) + "` are not matched", {});
    }
    const auto kind = column.kind ? column.kind : type != nullptr ? type->kind : std::nullopt;
    const bool one_host = column.one_host || (type != nullptr && type->one_host);
    const auto reach = one_host ? Reach::exact : intake_.reach();
    if (kind) intake_.add_text_as(*kind, text, reach, statement);
    else intake_.add_text(text, reach, statement);
  }

  void use(const Column& column, std::string_view text, Statement& statement) {
    bool good = true;
    switch (column.use) {
      case ColumnUse::confidence:
        statement.confidence = parse_confidence(text);
        good = statement.confidence.has_value();
        break;
      case ColumnUse::tlp: {
        const auto tlp = parse_tlp(text);
        good = tlp.has_value();
        statement.tlp = tlp.value_or(Tlp::none);
        break;
      }
      case ColumnUse::from: {
        const auto bound = parse_bound(text);
        good = bound.has_value();
        statement.from = intake_.retrospective_from(bound.value_or(0));
        break;
      }
      case ColumnUse::until: {
        const auto bound = parse_bound(text);
        good = bound.has_value();
        statement.until = bound.value_or(0);
        break;
      }
      case ColumnUse::title:
        if (statement.title.empty()) statement.title = text;
        break;
      case ColumnUse::reference: statement.reference = text; break;
      case ColumnUse::origin: statement.origin = text; break;
      default: break;
    }
    if (!good)
      intake_.remark(Severity::warning, statement.line, text, "I0006",
                     "`" + std::string(text.substr(0, 40)) + "` is no value of the column `" + column.name + "`",
                     "the entry is loaded without it");
  }

  const CsvHeader header_;
  Intake& intake_;
};

}  // namespace

bool take_csv_record(std::string_view& text, char separator, std::vector<std::string>& fields, std::uint32_t& lines) {
  fields.clear();
  fields.emplace_back();
  bool quoted = false, was_quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && at < record_most; ++at) {
    const char c = text[at];
    if (c == '\n') ++lines;
    auto& field = fields.back();
    if (quoted) {
      if (c != '"') {
        if (field.size() < field_most) field += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        field += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"' && !was_quoted && trim(field).empty()) {
      quoted = was_quoted = true;
      field.clear();
    } else if (c == separator) {
      if (fields.size() >= columns_most) continue;
      fields.emplace_back();
      was_quoted = false;
    } else if (c == '\n') {
      text.remove_prefix(at + 1);
      return true;
    } else if (c != '\r' && field.size() < field_most) {
      field += c;
    }
  }
  if (at == text.size() && !quoted) {
    text = {};
    return true;
  }
  // Not closed: only its first line is lost.
  const auto end = text.find('\n');
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  lines = 1;
  return false;
}

std::optional<CsvHeader> find_csv_header(std::string_view text, bool named_csv) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::optional<CsvHeader> in_comment;
  for (std::uint32_t number = 1; at < text.size() && number <= header_lines_most; ++number) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = trim(text.substr(at, end - at));
    const auto next = std::min(end + 1, text.size());
    if (line.empty()) {
      at = next;
      continue;
    }
    const bool comment = line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
    if (comment) {
      while (!line.empty() &&
             (line.front() == '#' || line.front() == ';' || line.front() == '/' || line.front() == ' '))
        line.remove_prefix(1);
      if (auto header = as_header(line, false)) in_comment = std::move(header);
    } else if (!in_comment) {
      auto header = as_header(line, named_csv);
      if (header) {
        header->rows_at = next;
        header->rows_line = number + 1;
      }
      return header;
    } else if (line.find(in_comment->separator) == std::string_view::npos) {
      return std::nullopt;  // words in a comment that happened to be ours
    } else {
      in_comment->rows_at = at;
      in_comment->rows_line = number;
      return in_comment;
    }
    at = next;
  }
  return std::nullopt;
}

void read_csv(std::string_view text, Intake& intake) {
  auto header = find_csv_header(text, true);
  if (!header)
    return intake.refuse(
        1, {}, "I0007", "no line names columns that are known",
        "name them: indicator, type, confidence, valid_until, tlp, source, description, reference; or ip, domain, "
        "url, md5, sha1, sha256");
  CsvReader(std::move(*header), intake).read(text);
}

}  // namespace tocsin::rules::indicator
