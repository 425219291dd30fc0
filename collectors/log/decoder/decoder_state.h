#pragma once
// Inside of DecoderSet; shared by its compiler and its matcher only.

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/log/decoder/decoder_set.h"

namespace tocsin::collectors {

struct CompiledDecoder {
  std::string name;
  KeyMap keys;
  std::vector<std::pair<Field, KeyTarget>> members;  // JSON decoders: `keys` in the order of the file
  Effects effects;                                   // on every match
  std::vector<Condition> when;                       // JSON decoders
  std::vector<std::string> programs;                 // JSON decoders: only objects that these write; empty = anybody's
  std::vector<Rename> renames;                       // JSON decoders; before keys
  bool carries = false;  // JSON decoders: an envelope; the decoders after it look at what it held
};

struct CompiledPattern {
  std::string name;
  const CompiledDecoder* decoder = nullptr;
  Pattern pattern;
  std::string needs;  // a literal that must occur; empty = none
  Effects effects;
};

// Patterns that may begin with a byte, in the order of the files.
struct PatternGroup {
  std::array<std::vector<const CompiledPattern*>, 256> by_first;
  std::vector<const CompiledPattern*> on_empty;  // for an empty message
  const CompiledDecoder* owner = nullptr;        // known program, unknown message

  void add(const CompiledPattern* pattern) {
    for (std::size_t i = 0; i < 256; ++i)
      if (pattern->pattern.first_any || pattern->pattern.first[i]) by_first[i].push_back(pattern);
    if (pattern->pattern.first_any) on_empty.push_back(pattern);
  }
};

struct DecoderSet::State {
  std::deque<CompiledDecoder> decoders;
  std::deque<CompiledPattern> patterns;
  std::unordered_map<std::string, std::unique_ptr<PatternGroup>, KeyHash, std::equal_to<>> programs;
  std::vector<std::pair<std::string, PatternGroup*>> program_prefixes;  // "postfix/*"
  const PatternGroup* group_of(std::string_view program) const;
  PatternGroup whole;
  PatternGroup message;
  PatternGroup rest;
  std::vector<const CompiledDecoder*> objects;
  std::vector<Sample> samples;
};

}  // namespace tocsin::collectors
