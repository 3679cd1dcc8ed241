// SPDX-License-Identifier: Apache-2.0
#include "cli/last_words.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string_view>
#include <system_error>

#include "base/printable.h"

namespace freshet::cli {
namespace {

constexpr std::string_view kNoMemory = "out of memory";
constexpr std::string_view kNoThread =
    "a thread cannot be started; are there enough memory (ulimit -v) and threads (ulimit -u)?";

iovec piece(std::string_view text) noexcept { return {const_cast<char*>(text.data()), text.size()}; }

/// Not by the log and not by stdio, which need memory or locks.
void write_line(std::string_view text) noexcept {
  const std::array<iovec, 3> line{piece("freshet: "), piece(text), piece("\n")};
  [[maybe_unused]] const ssize_t written = ::writev(STDERR_FILENO, line.data(), line.size());
}

/// Of an allocation that fails. Code that unwinds, such as destructors in libraries, may need memory itself.
[[noreturn]] void end_without_memory() {
  write_line(kNoMemory);
  ::_exit(kCannotGoOn);
}

/// Of an exception that nobody catches. Its first line: LibTorch's have a stack trace below it.
[[noreturn]] void end_with_one_line() {
  try {
    if (std::current_exception()) throw;
    // Thrown in a library that does not expect it: in RocksDB, when one of its threads cannot be started.
    const bool lacks = std::uncaught_exceptions() > 0;
    write_line(lacks ? kNoThread : "a library cannot go on");
    if (lacks) ::_exit(kCannotGoOn);
  } catch (const std::exception& error) {
    if (tells_of_a_lack(error)) ::_exit(kCannotGoOn);
    const std::string_view what = error.what();
    write_line(printable(what.substr(0, what.find('\n'))));
  } catch (...) {
    write_line("an unknown exception");
  }
  std::abort();
}

// Sanitizers report faults themselves, and cannot run this early.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
bool memory_is_left() noexcept {
  constexpr std::size_t kLittle = std::size_t{8} << 20;  // more than the allocator asks for at once
  void* const memory =
      ::mmap(nullptr, kLittle, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  ::munmap(memory, kLittle);
  return true;
}

/// jemalloc uses memory that it did not get when a new thread allocates for the first time; so do libraries in C. Any
/// other fault happens again once this returns, and ends the process.
void after_a_fault(int) {
  if (!memory_is_left()) end_without_memory();
  write_line("a fault: it read or wrote what is not memory");
}

void hear_of_faults() noexcept {
  struct sigaction action {};
  action.sa_handler = after_a_fault;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGSEGV, &action, nullptr);
}

/// Runs before the initializers of libraries, which need memory: LibTorch's take a lot.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeforeLibraries)() = [] { arrange_last_words(); };
#else
void hear_of_faults() noexcept {}
#endif

}  // namespace

bool tells_of_a_lack(const std::exception& error) noexcept {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    write_line(kNoThread);
    return true;
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) == nullptr) return false;
  write_line(kNoMemory);
  return true;
}

void arrange_last_words() noexcept {
  std::set_new_handler(end_without_memory);
  std::set_terminate(end_with_one_line);
  hear_of_faults();
}

}  // namespace freshet::cli
