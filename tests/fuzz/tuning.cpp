// rooms: tuning
// A tuning file: any text gives entries that hold or diagnostics with a place; an entry shows as a text that is read
// the same; one that is put in and taken out again leaves the file as it was.
#include <cstdlib>

#include "daemon/tuning/edit.h"
#include "daemon/tuning/file.h"
#include "daemon/tuning/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::daemon;
  const Time now = *parse_time("2026-11-23T12:00:00Z");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  const auto entries = parse_tuning("fuzz", text, now, diagnostics);
  for (const auto& entry : entries) {
    Diagnostics again;
    const auto shown = render_entry(entry);
    const auto second = parse_tuning("shown", "tuning:\n" + shown, now, again);
    if (second.size() != 1 || render_entry(second[0]) != shown) std::abort();
    if (const auto with = with_entry("", entry, now); !with || !without_entry(*with, entry.id, now)) std::abort();
  }
  if (!entries.empty())
    if (const auto less = without_entry(text, entries[0].id, now))
      if (parse_tuning("less", *less, now, diagnostics).size() + 1 != entries.size()) std::abort();
  rules::TuningEntry like;
  like.owner = like.reason = "fuzz";
  like.expires = now + std::chrono::hours{1};
  for (const auto kind : {SuricataTuningKind::disable, SuricataTuningKind::modify})
    (void)import_suricata_tuning(kind, "fuzz.conf", text, like, now, diagnostics);
  return 0;
}
