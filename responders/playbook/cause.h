#pragma once
// Why a run exists, as far as the guard judges by it: which detection set it off, how precious what it is about is,
// what else of ours came before, and whose addresses and processes are sure. Values only.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responders/action/request.h"
#include "responders/incident/incident.h"

namespace tocsin::responders {

struct Cause {
  static constexpr std::size_t known_most = 64;  // addresses, and processes

  std::string rule;  // the detection that set it off; empty: a person
  std::uint8_t asset_level = 0;
  std::uint8_t depth = 0;
  std::vector<std::pair<std::string, SourceProof>> sources;      // by address; others are unstated
  std::vector<std::pair<std::uint64_t, std::string>> processes;  // number → the file it runs
  friend bool operator==(const Cause&, const Cause&) = default;

  // Into a request whose parameters are typed: rule, level, depth; the weakest proof of the addresses that it names;
  // and for a process that is known by its file, that it must still run this file.
  void fill(ActionRequest& request, const ActionSpec& spec, const Parameters& parameters) const;
};

// What the incident tells of its addresses and of processes on `here`. A forgeable alert about an address outweighs
// one that was answered: it may be somebody else's.
Cause cause_of(const Incident& incident, std::string_view here);

// For a run's first record, and back. Unknown members are left alone.
std::vector<std::pair<std::string, std::string>> render_cause(const Cause& cause);
void read_cause(std::string_view name, const std::string& value, Cause& cause);

}  // namespace tocsin::responders
