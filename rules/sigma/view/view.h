#pragma once
// Log-source views: data files that say which events a Sigma log source means and where its field names are found.
//
//   view: linux_process_creation
//   logsource: {product: linux, category: process_creation}   # values may be lists; all that a rule gives must be here
//   events:                                                    # any of these; all keys of one must agree
//     - {class: process, dataset: auditd.process}
//     - {class: generic, fields: {Event.System.EventID: [1]}}
//   fields:
//     CommandLine: process.command_line
//     cs-uri-query: [url.original, percent_decode(url.original)]  # each source is a value
//   prefixes: [Event.EventData.]                               # event fields below are known by their rest
//
// A name that no line mentions is the event field of the same name.

#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/event/event.h"
#include "rules/detector.h"
#include "rules/sigma/view/derive.h"

namespace tocsin::rules::sigma {

// Lower case; empty = not given.
struct LogSource {
  std::string category;
  std::string product;
  std::string service;
  std::string render() const;
};

struct FieldSource {
  std::string field;
  Derivation derivation = Derivation::none;
};

struct EventSelector {
  std::vector<EventClass> classes;    // empty: any
  std::vector<std::string> datasets;  // empty: any; "auditd*" takes all that begin so
  std::vector<std::pair<std::string, std::vector<std::string>>> fields;  // name, one of these texts (lower case)
};

struct View {
  std::string name;
  std::vector<std::string> categories;
  std::vector<std::string> products;
  std::vector<std::string> services;
  std::vector<EventSelector> events;
  std::map<std::string, std::vector<FieldSource>> fields;
  std::vector<std::string> prefixes;
  bool open = false;  // serves every log source

  bool serves(const LogSource& rule) const;
};

// Refused views are in `diagnostics` (G06…).
std::vector<View> parse_views(std::span<const RuleSource> sources, Diagnostics& diagnostics);

}  // namespace tocsin::rules::sigma
