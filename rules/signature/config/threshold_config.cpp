#include "rules/signature/config/threshold_config.h"

#include <array>
#include <map>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

// "threshold gen_id 1, sig_id 2, type limit": the first word, then pairs. Commas inside brackets do not separate.
struct Line {
  std::string command;
  std::map<std::string, std::string, std::less<>> pairs;
};

Line split_line(std::string_view text) {
  Line line;
  const auto blank = text.find_first_of(" \t");
  line.command = lower_ascii(text.substr(0, blank));
  if (blank == std::string_view::npos) return line;
  text = text.substr(blank);
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    const auto item = trim(text.substr(start, i - start));
    start = i + 1;
    const auto gap = item.find_first_of(" \t");
    if (gap != std::string_view::npos)
      line.pairs[lower_ascii(item.substr(0, gap))] = std::string(trim(item.substr(gap)));
  }
  return line;
}

class Reader {
 public:
  Reader(const Line& line, const Variables& variables) : line_(line), variables_(variables) {}

  std::expected<ThresholdLine, std::string> read() {
    ThresholdLine out;
    const auto gid = number("gen_id");
    const auto sid = number("sig_id");
    if (!gid || !sid) return std::unexpected("gen_id and sig_id must be numbers");
    out.gid = *gid;
    out.sid = *sid;
    std::string problem;
    if (line_.command == "suppress") problem = suppress(out.threshold);
    else if (line_.command == "threshold" || line_.command == "event_filter") problem = filter(out.threshold);
    else if (line_.command == "rate_filter") problem = rate(out.threshold);
    else problem = "'" + line_.command + "' is not threshold, event_filter, rate_filter or suppress";
    if (!problem.empty()) return std::unexpected(problem);
    return out;
  }

 private:
  std::string_view value(std::string_view key) const {
    const auto found = line_.pairs.find(key);
    return found == line_.pairs.end() ? std::string_view{} : std::string_view(found->second);
  }
  std::optional<std::uint32_t> number(std::string_view key) const {
    const auto parsed = parse_unsigned(value(key));
    if (!parsed || *parsed > 0xFFFFFFFFU) return std::nullopt;
    return static_cast<std::uint32_t>(*parsed);
  }
  std::string track(Threshold& out) const {
    const auto parsed = parse_track(value("track"));
    if (!parsed) return "'track' must be by_src, by_dst, by_both, by_rule, by_flow or by_either";
    out.track = *parsed;
    return {};
  }
  std::string counts(Threshold& out) const {
    const auto count = number("count");
    const auto seconds = number("seconds");
    if (!count || *count == 0 || !seconds || *seconds == 0) return "'count' and 'seconds' must be numbers above zero";
    out.count = *count;
    out.seconds = *seconds;
    return track(out);
  }
  std::string suppress(Threshold& out) const {
    out.kind = Threshold::Kind::suppress;
    if (value("ip").empty() && value("track").empty()) return {};
    if (auto problem = track(out); !problem.empty()) return problem;
    auto addresses = parse_addresses(value("ip"), variables_);
    if (!addresses) return addresses.error().cause;
    out.addresses = std::make_shared<AddressSet>(std::move(*addresses));
    return {};
  }
  std::string filter(Threshold& out) const {
    const auto type = value("type");
    if (type == "limit") out.kind = Threshold::Kind::limit;
    else if (type == "threshold") out.kind = Threshold::Kind::threshold;
    else if (type == "both") out.kind = Threshold::Kind::both;
    else return "'type' must be limit, threshold or both";
    return counts(out);
  }
  std::string rate(Threshold& out) const {
    out.kind = Threshold::Kind::rate;
    out.new_action = parse_action(value("new_action"));
    const auto timeout = number("timeout");
    if (!out.new_action || !timeout) return "rate_filter needs new_action and timeout";
    out.timeout = *timeout;
    return counts(out);
  }

  const Line& line_;
  const Variables& variables_;
};

}  // namespace

std::optional<Threshold::Track> parse_track(std::string_view word) noexcept {
  using Track = Threshold::Track;
  static constexpr std::array<std::pair<std::string_view, Track>, 6> words{{{"by_src", Track::source},
                                                                            {"by_dst", Track::destination},
                                                                            {"by_both", Track::pair},
                                                                            {"by_rule", Track::rule},
                                                                            {"by_flow", Track::flow},
                                                                            {"by_either", Track::either}}};
  for (const auto& [name, track] : words)
    if (name == word) return track;
  return std::nullopt;
}

std::optional<Action> parse_action(std::string_view word) noexcept {
  if (word == "alert") return Action::alert;
  if (word == "pass") return Action::pass;
  if (word == "drop" || word == "sdrop") return Action::drop;
  if (word == "reject" || word == "rejectsrc" || word == "rejectdst" || word == "rejectboth") return Action::reject;
  return std::nullopt;
}

std::vector<ThresholdLine> parse_threshold_config(std::string_view file, std::string_view text,
                                                  const Variables& variables, Diagnostics& diagnostics) {
  std::vector<ThresholdLine> lines;
  std::uint32_t number = 0;
  std::string joined;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view piece = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (piece.starts_with('#') && joined.empty()) continue;
    if (piece.ends_with('\\')) {
      joined.append(piece.substr(0, piece.size() - 1));
      continue;
    }
    joined.append(piece);
    if (!trim(joined).empty()) {
      auto line = Reader(split_line(trim(joined)), variables).read();
      if (line) lines.push_back(std::move(*line));
      else
        diagnostics.add({Severity::warning, "S0502", std::string(file), number, 1, "", line.error(),
                         "The line is skipped; see Suricata's documentation, Global Thresholds"});
    }
    joined.clear();
  }
  return lines;
}

}  // namespace tocsin::rules::signature
