#pragma once
// Keywords about data that rules share, the packet's addresses, and what is recorded after an alert; rows of the table
// of all keywords (table.cpp).

#include <array>

#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {

#define TOCSIN_KEYWORD(function) Outcome function(RuleBuilder&, const OptionAst&, const KeywordRow&)
// dataset.cpp
TOCSIN_KEYWORD(read_dataset);
TOCSIN_KEYWORD(read_datarep);
TOCSIN_KEYWORD(read_iprep);
TOCSIN_KEYWORD(read_address_buffer);  // argument: Source
// tag.cpp
TOCSIN_KEYWORD(read_asn1);
TOCSIN_KEYWORD(read_tag);
#undef TOCSIN_KEYWORD

constexpr auto data_rows() {
  using enum KeywordFamily;
  return std::to_array<KeywordRow>({
      {"asn1", read_asn1, payload, "BER lengths that overran decoders"},
      {"datarep", read_datarep, state, "reputation of the buffer's value in a data set"},
      {"dataset", read_dataset, state, "the buffer's value is in a data set, or is put there"},
      {"ip.dst", read_address_buffer, buffer, "destination address",
       static_cast<std::uint16_t>(Source::destination_address)},
      {"ip.src", read_address_buffer, buffer, "source address", static_cast<std::uint16_t>(Source::source_address)},
      {"iprep", read_iprep, state, "reputation of an address"},
      {"tag", read_tag, meta, "packets after the alert are recorded"},
  });
}

}  // namespace tocsin::rules::signature
