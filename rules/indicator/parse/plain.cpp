// Plain text: one value a line. `#`, `;` and `//` begin a comment; one behind a value says what the value is about.
// Lines of a hosts file ("0.0.0.0 name name") and of blockers ("||name^") are understood. A comment
// "# tocsin: name=… confidence=… tlp=… from=… until=… match=exact|subdomains title=…" holds for the lines below it.

#include "collectors/base/text.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/parse/settings.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";
constexpr std::size_t line_most = 8192;

class PlainReader {
 public:
  explicit PlainReader(Intake& intake) : intake_(intake), reach_(intake.reach()) {}

  void read(std::string_view line, std::uint32_t number) {
    settings_.line = number;
    line = trim(line);
    if (line.empty()) return;
    if (line.size() > line_most)
      return intake_.refuse(number, line, "I0001", "the line is longer than any indicator", "one value a line");
    if (line.starts_with('#') || line.starts_with(';') || line.starts_with("//")) return comment(line);
    if (line.starts_with("||")) return blocker(line.substr(2));
    auto value = line.substr(0, line.find_first_of(blanks));
    auto rest = trim(line.substr(value.size()));
    if (const auto mark = value.find(';'); mark != std::string_view::npos && mark != 0) {
      rest = trim(line.substr(mark));
      value = value.substr(0, mark);
    }
    if (value.ends_with(',')) value.remove_suffix(1);
    if (is_sinkhole(value) && !rest.empty() && rest.find_first_of("#;") != 0) return hosts(rest);
    auto statement = settings_;
    if (rest.starts_with('#') || rest.starts_with(';')) statement.title = trim(rest.substr(1));
    if (statement.title.empty()) statement.title = settings_.title;
    intake_.add_text(value, reach_, std::move(statement));
  }

 private:
  static bool is_sinkhole(std::string_view text) {
    return text == "0.0.0.0" || text == "127.0.0.1" || text == "::" || text == "::1";
  }

  void hosts(std::string_view names) {
    names = names.substr(0, names.find('#'));
    while (!(names = trim(names)).empty()) {
      const auto name = names.substr(0, names.find_first_of(blanks));
      names.remove_prefix(name.size());
      // Every hosts file begins with the machine's own names.
      if (name == "localhost" || name == "0.0.0.0" || name.starts_with("localhost.") || name.starts_with("ip6-") ||
          name == "broadcasthost" || name == "local")
        continue;
      intake_.add_text_as(Kind::domain, name, Reach::exact, settings_);
    }
  }

  void blocker(std::string_view text) {
    intake_.add_text_as(Kind::domain, text.substr(0, text.find_first_of("^$/")), Reach::subdomains, settings_);
  }

  void comment(std::string_view line) {
    line = trim(line.substr(
        line.find_first_not_of("#;/ \t") == std::string_view::npos ? line.size() : line.find_first_not_of("#;/ \t")));
    if (!line.starts_with("tocsin:")) return;
    line = trim(line.substr(7));
    while (!line.empty()) {
      const auto equals = line.find('=');
      if (equals == std::string_view::npos) return setting(line, {});
      const auto key = line.substr(0, equals);
      line.remove_prefix(equals + 1);
      std::string_view value;
      if (line.starts_with('"')) {
        const auto end = line.find('"', 1);
        value = line.substr(1, end == std::string_view::npos ? end : end - 1);
        line = end == std::string_view::npos ? std::string_view{} : line.substr(end + 1);
      } else {
        value = line.substr(0, line.find_first_of(blanks));
        line.remove_prefix(value.size());
      }
      setting(key, value);
      line = trim(line);
    }
  }

  void setting(std::string_view key, std::string_view value) {
    bool good = true;
    if (key == "name") {
      intake_.call_it(value);
    } else if (key == "title") {
      settings_.title = value;
    } else if (key == "reference") {
      settings_.reference = value;
    } else if (key == "confidence") {
      const auto number = parse_confidence(value);
      good = number.has_value();
      if (good) settings_.confidence = number;
    } else if (key == "tlp") {
      const auto tlp = parse_tlp(value);
      good = tlp.has_value();
      if (good) settings_.tlp = *tlp;
    } else if (key == "from" || key == "until") {
      const auto bound = parse_bound(value);
      good = bound.has_value();
      if (good)
        (key == "from" ? settings_.from : settings_.until) =
            key == "from" ? intake_.retrospective_from(*bound) : *bound;
    } else if (key == "match") {
      good = value == "exact" || value == "subdomains";
      if (good) reach_ = value == "exact" ? Reach::exact : Reach::subdomains;
    } else {
      good = false;
    }
    if (!good)
      intake_.remark(Severity::warning, settings_.line, key, "I0006",
                     "`" + std::string(key.substr(0, 40)) + "` is no setting of a list, or has no value of that kind",
                     "settings are name, title, reference, confidence (0-100), tlp, from, until and match "
                     "(exact, subdomains)");
  }

  Intake& intake_;
  Reach reach_;
  Statement settings_;
};

}  // namespace

void read_plain(std::string_view text, Intake& intake) {
  PlainReader reader(intake);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    reader.read(text.substr(0, end), number);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace tocsin::rules::indicator
