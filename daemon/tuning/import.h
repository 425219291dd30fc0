#pragma once
// What people have elsewhere as entries: suricata-update's disable.conf, enable.conf and modify.conf
// (https://suricata-update.readthedocs.io/en/latest/update.html) and Sigma filter documents (specification 2.1, "Sigma
// Filters"). What means nothing here is a warning T03. Any thread.

#include <optional>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

enum class SuricataTuningKind : std::uint8_t { enable, disable, modify, drop };
// By the name of the file, as suricata-update finds them.
std::optional<SuricataTuningKind> suricata_tuning_kind(std::string_view file) noexcept;

// `like` has the owner, reason and period of all entries. One entry for all rules that are enabled or disabled, one for
// each line of modify.conf; drop.conf gives none, because drop acts as alert here.
std::vector<rules::TuningEntry> import_suricata_tuning(SuricataTuningKind kind, std::string_view file,
                                                       std::string_view text, const rules::TuningEntry& like, Time now,
                                                       Diagnostics& diagnostics);

// By the name of the file.
bool is_sigma_tuning(std::string_view file) noexcept;

// A suppression for each filter document; its own owner, reason and expires count before those of `like`. A document
// that an entry cannot say the same as (a whole log source, fields of a product) is left out with a warning.
std::vector<rules::TuningEntry> import_sigma_tuning(std::string_view file, std::string_view text,
                                                    const rules::TuningEntry& like, Time now, Diagnostics& diagnostics);

}  // namespace tocsin::daemon
