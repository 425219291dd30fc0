#pragma once
// Where the readers of all formats put what they found in one source: checked here once, whatever the format. A bad
// entry is a diagnostic with its line; the rest is loaded. Diagnostics of a source are capped and the rest counted.

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/base/diagnostic.h"
#include "rules/indicator/allow_list.h"
#include "rules/indicator/rule_set.h"
#include "rules/indicator/table.h"

namespace tocsin::rules::indicator {

class Intake {
 public:
  static constexpr std::size_t diagnostics_most = 50;  // of one source

  // All given outlive the intake.
  Intake(const std::string& file, const IndicatorOptions& options, const AllowList& allow_list, IndicatorTable& table,
         Diagnostics& diagnostics);
  // Says how many diagnostics were left out.
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // How the source calls itself, before its first entry; without it, the name of its file.
  void call_it(std::string_view name);
  // How far domains of this source reach that do not say it.
  Reach reach() const noexcept { return options_.reach; }
  Second retrospective_from(Second from) const noexcept { return options_.retrospective ? 0 : from; }

  void add(Statement statement);
  // Parses and adds; a value that is none is refused.
  void add_text(std::string_view text, Statement statement);
  void add_text(std::string_view text, Reach reach, Statement statement);
  void add_text_as(Kind kind, std::string_view text, Reach reach, Statement statement);
  void refuse(std::uint32_t line, std::string_view item, std::string_view code, std::string cause, std::string next);
  void remark(Severity severity, std::uint32_t line, std::string_view item, std::string_view code, std::string cause,
              std::string next);
  // Left aside by what the source itself says (revoked, not for detection, of a type nothing matches).
  void skip() noexcept { ++load_.skipped; }

  const SourceLoad& load() const noexcept { return load_; }

 private:
  void take(Result<ListedValue> value, std::string_view text, Statement& statement);
  std::uint16_t source();

  const std::string& file_;
  const IndicatorOptions& options_;
  const AllowList& allow_list_;
  IndicatorTable& table_;
  Diagnostics& diagnostics_;
  SourceLoad load_;
  bool named_ = false;
  std::uint16_t number_ = 0;
  std::size_t told_ = 0;
  std::size_t untold_ = 0;
  bool full_told_ = false;
};

// --- one reader per format; each takes the whole text

enum class Format : std::uint8_t { plain, csv, stix, misp, none };
std::string_view format_name(Format format) noexcept;
// By what stands in it; `none` is a file of a feed that holds no indicators (manifest.json, hashes.csv).
Format detect_format(std::string_view file, std::string_view text);

void read_plain(std::string_view text, Intake& intake);
void read_csv(std::string_view text, Intake& intake);
void read_stix(std::string_view text, Intake& intake);
void read_misp(std::string_view text, Intake& intake);

}  // namespace tocsin::rules::indicator
