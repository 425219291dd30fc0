// Processes of this test's own: stopped, let go on, killed, and never mistaken for another with their number.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "responders/action/process_kill/process_kill.h"
#include "responders/action/process_stop/process_stop.h"
#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

// A process that waits, with one child that waits too; both end with it.
class Family {
 public:
  Family() {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    parent_ = ::fork();
    if (parent_ == 0) {
      const pid_t child = ::fork();
      if (child == 0)
        while (true) ::pause();
      if (::write(pipe[1], &child, sizeof child) != static_cast<ssize_t>(sizeof child)) ::_exit(1);
      while (true) ::pause();
    }
    EXPECT_EQ(::read(pipe[0], &child_, sizeof child_), static_cast<ssize_t>(sizeof child_));
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
  ~Family() {
    ::kill(child_, SIGKILL);
    ::kill(parent_, SIGKILL);
    ::waitpid(parent_, nullptr, 0);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  pid_t parent() const { return parent_; }
  pid_t child() const { return child_; }

 private:
  pid_t parent_ = 0;
  pid_t child_ = 0;
};

// Signals arrive a moment after they were sent.
bool becomes(pid_t pid, auto condition) {
  for (int tries = 0; tries < 2000; ++tries) {
    const auto process = read_process(pid);
    if (condition(process)) return true;
    ::usleep(1000);
  }
  return false;
}
bool stops(pid_t pid) {
  return becomes(pid, [](const auto& process) { return process && process->state == 'T'; });
}
bool goes_on(pid_t pid) {
  return becomes(pid, [](const auto& process) { return process && process->state == 'S'; });
}
bool ends(pid_t pid) {
  return becomes(pid, [](const auto& process) { return !process || process->gone(); });
}

class ProcessTest : public ::testing::Test {
 protected:
  Parameters parameters(const Action& action, pid_t pid, Parameters::Texts more = {}) {
    more.emplace_back("pid", std::to_string(pid));
    return parse_parameters(action.spec(), more).value();
  }
  ManualClock clock_;
  SeededRandom random_{1};
  const ActionEnvironment environment_{clock_, random_, {}, {}};
};

TEST_F(ProcessTest, a_tree_is_stopped_and_goes_on) {
  const Family family;
  const auto stop = make_process_stop(environment_);
  const Parameters asked = parameters(*stop, family.parent(), {{"scope", "tree"}});
  EXPECT_EQ(stop->verify(asked, "k")->presence, Presence::absent);
  const auto stopped = stop->apply(asked, "k");
  ASSERT_TRUE(stopped.has_value()) << stopped.error().text();
  EXPECT_TRUE(stops(family.parent()));
  EXPECT_TRUE(stops(family.child()));
  EXPECT_EQ(stop->verify(asked, "k")->presence, Presence::in_effect);
  // A crash in the middle: one of the tree runs, and doing it again finishes it.
  ::kill(family.child(), SIGCONT);
  EXPECT_TRUE(goes_on(family.child()));
  EXPECT_EQ(stop->verify(asked, "k")->presence, Presence::changed);
  EXPECT_TRUE(stop->apply(asked, "k").has_value());
  EXPECT_TRUE(stops(family.child()));
  EXPECT_EQ(parse_token(stopped->undo_token).size(), 2U);
  EXPECT_TRUE(stop->undo(asked, "k", stopped->undo_token).has_value());
  EXPECT_TRUE(goes_on(family.parent()));
  EXPECT_TRUE(goes_on(family.child()));
  EXPECT_TRUE(stop->undo(asked, "k", stopped->undo_token).has_value());
}

TEST_F(ProcessTest, a_tree_is_killed_and_one_process_leaves_its_child) {
  const auto kill = make_process_kill(environment_);
  const Family family;
  const Parameters asked = parameters(*kill, family.parent(), {{"scope", "tree"}});
  EXPECT_EQ(kill->verify(asked, "k")->presence, Presence::absent);
  EXPECT_TRUE(kill->apply(asked, "k").has_value());
  EXPECT_TRUE(ends(family.parent()));
  EXPECT_TRUE(ends(family.child()));
  EXPECT_EQ(kill->verify(asked, "k")->presence, Presence::in_effect);
  const Family other;
  EXPECT_TRUE(kill->apply(parameters(*kill, other.parent()), "k2").has_value());
  EXPECT_TRUE(ends(other.parent()));
  EXPECT_TRUE(goes_on(other.child()));
}

TEST_F(ProcessTest, a_number_given_to_another_is_noticed) {
  const auto kill = make_process_kill(environment_);
  const Family family;
  const auto now = read_process(family.parent());
  ASSERT_TRUE(now.has_value());
  const auto other =
      kill->apply(parameters(*kill, family.parent(), {{"started", std::to_string(now->started + 1)}}), "k");
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_EQ(kill->apply(parameters(*kill, family.parent(), {{"executable", "/bin/false"}}), "k").error().code,
            Code::conflict);
  HostProcess stale = *now;
  stale.started += 1;
  EXPECT_EQ(hold_process(stale).error().code, Code::conflict);
  EXPECT_TRUE(goes_on(family.parent()));
}

TEST(ProcessStat, any_name_and_any_bytes) {
  const auto read =
      parse_process_stat("812 (a) b (c) T 1 812 812 0 -1 4194560 100 0 0 0 0 0 0 0 20 0 1 0 99173 1000 100\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->name, "a) b (c");
  EXPECT_EQ(read->state, 'T');
  EXPECT_EQ(read->started, 99173U);
  for (const char* bad :
       {"", "812", "812 (x", ") 1 (", "812 (x) S 1", "x (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"})
    EXPECT_FALSE(parse_process_stat(bad).has_value()) << bad;
}

TEST(ProcessToken, reads_back_what_it_wrote_and_passes_over_the_rest) {
  EXPECT_EQ(parse_token("812@99,x@1,5,@,7@8").size(), 2U);
  EXPECT_TRUE(parse_token("").empty());
}

}  // namespace
}  // namespace tocsin::responders
