#include "daemon/cli/playbook_file.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/daemon/store/scratch.h"

namespace tocsin::daemon {
namespace {

TEST(PlaybookFile, AFileAndTheFolderOfAPackAreTheSame) {
  const samples::Scratch folder;
  const std::string file = folder.path() / "playbook.json";
  std::ofstream(file) << "{}";
  for (const std::string& named : {file, folder.path().string(), folder.path().string() + "/"}) {
    const auto given = read_playbook(named);
    ASSERT_TRUE(given) << named;
    EXPECT_EQ(given->text, "{}");
    EXPECT_TRUE(std::filesystem::equivalent(given->path, file));
  }
}

TEST(PlaybookFile, SaysWhatIsNoPlaybook) {
  const samples::Scratch folder;
  const auto none = read_playbook(folder.path());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::not_found);
  EXPECT_NE(none.error().message.find("without playbook.json"), std::string::npos);
  EXPECT_FALSE(read_playbook(folder.path() / "missing.json"));
}

}  // namespace
}  // namespace tocsin::daemon
