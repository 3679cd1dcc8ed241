// SPDX-License-Identifier: Apache-2.0
/// A wall clock that is wrong by as much as a test wants, preloaded into the unmodified binary (LD_PRELOAD): the seconds
/// in the file that WRONG_CLOCK names are added to it. The monotonic clocks are right.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

/// The file is read at each call, so that a test can change it while the process runs.
long seconds_ahead() {
  const char* const path = std::getenv("WRONG_CLOCK");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {};
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  return size > 0 ? std::strtol(text, nullptr, 10) : 0;
}

}  // namespace

// By the system call: the allocator reads the clock before the next function of this name can be looked up.
extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += seconds_ahead();
  return result;
}
