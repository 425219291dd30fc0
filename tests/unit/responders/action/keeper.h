#pragma once
// A process to look into.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

namespace tocsin::responders {

// Holds a text in its memory that no file has: made of two halves at run time. And memory it never touches, and code
// without a file.
class Keeper {
 public:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t reserved = 64U << 20U;

  Keeper() {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const auto map = [](std::size_t size, int protection) {
        return static_cast<char*>(::mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      };
      char* memory = map(reserved, PROT_READ | PROT_WRITE);
      ::madvise(memory, reserved, MADV_NOHUGEPAGE);  // what is touched is a page, whatever the machine is set to
      for (std::size_t at : {std::size_t{0}, 10 * page, reserved - page}) std::strcpy(memory + at, secret().c_str());
      char* code = map(page, PROT_READ | PROT_WRITE);
      std::strcpy(code, "code without a file");
      ::mprotect(code, page, PROT_READ | PROT_EXEC);
      map(page, PROT_NONE);
      forget_sanitizer();
      if (::write(pipe[1], static_cast<const void*>(&memory), sizeof memory) != static_cast<ssize_t>(sizeof memory))
        ::_exit(1);
      while (true) ::pause();
    }
    EXPECT_EQ(::read(pipe[0], static_cast<void*>(&memory_), sizeof memory_), static_cast<ssize_t>(sizeof memory_));
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
  ~Keeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  pid_t pid() const { return pid_; }
  std::uint64_t memory() const { return reinterpret_cast<std::uint64_t>(memory_); }
  static std::string secret() {
    std::string out = "tocsin-";
    for (const char c : {'5', '1', '9', '2'}) out += c;
    return out + "-kept-in-memory";
  }

 private:
  // What AddressSanitizer keeps beside the program, hundreds of megabytes, is no memory to look into: its shadow of
  // zeros says that all may be read, and its heap is not used any more.
  static void forget_sanitizer() {
#ifdef __SANITIZE_ADDRESS__
    constexpr std::array<std::array<std::uintptr_t, 2>, 2> ranges{
        {{0x00007fff8000, 0x10007fff8000}, {0x600000000000, 0x640000000000}}};
    for (const auto& [begin, end] : ranges) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#endif
  }

  pid_t pid_ = 0;
  char* memory_ = nullptr;
};

}  // namespace tocsin::responders
