// rooms: sigma
// Rules up to the first zero byte, after it questions as `tocsin rule eval` takes them, one a line: the answers of the
// fast matcher and of the plain one must be the same.

#include <cstdlib>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "rules/sigma/evaluate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using rules::sigma::Evaluator;
  if (size > 4096) return 0;
  auto text = as_text({data, size});
  const auto cut = text.find('\0');
  const std::vector<rules::RuleSource> sources{{"fuzz.yml", std::string(text.substr(0, cut))}};
  text.remove_prefix(cut == std::string_view::npos ? text.size() : cut + 1);
  Diagnostics diagnostics;
  Evaluator fast(sources, {}, diagnostics);
  Evaluator plain(sources, {.matching = rules::sigma::Matching::plain, .placeholders = {}}, diagnostics);
  for (int questions = 0; !text.empty() && questions < 16; ++questions) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto first = fast.answer(line);
    const auto second = plain.answer(line);
    if (first.has_value() != second.has_value() || (first && *first != *second)) std::abort();
  }
  return 0;
}
