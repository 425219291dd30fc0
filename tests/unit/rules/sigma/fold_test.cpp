#include "rules/sigma/compile/fold.h"

#include <gtest/gtest.h>

#include <string>

namespace tocsin::rules::sigma {
namespace {

TEST(Fold, TellsWhatLettersATextOfAnyLengthHas) {
  EXPECT_EQ(letters_of({}), Letters::folded_ascii);
  for (std::size_t size = 1; size < 70; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'z');
      EXPECT_EQ(letters_of(text), Letters::folded_ascii) << size;
      text[at] = 'Z';
      EXPECT_EQ(letters_of(text), Letters::ascii) << size << " at " << at;
      text[at] = '\x80';
      EXPECT_EQ(letters_of(text), Letters::other) << size << " at " << at;
    }
}

TEST(Fold, AsciiNeighboursOfLettersStay) {
  std::string storage;
  EXPECT_EQ(fold_ascii("@AZ[`az{", storage), "@az[`az{");
  EXPECT_EQ(fold_ascii({}, storage), "");
}

}  // namespace
}  // namespace tocsin::rules::sigma
