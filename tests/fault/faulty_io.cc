// SPDX-License-Identifier: Apache-2.0
/// A disk that fails where a test wants it to, preloaded into the unmodified binary (LD_PRELOAD). Everything durable
/// goes through a handful of system calls, so these are the fail points: whatever state a crash can leave on disk is a
/// state between two of them.
///
/// A point is what a call does to which kind of file: wal.write, wal.sync, sst.create, manifest.sync, current.rename,
/// checkpoint.remove, ... The file that FAULTY_IO_CONTROL names holds one fault, "POINT NTH ACTION", and may be
/// rewritten or emptied while the process runs:
///   NTH     3: the process's third call at this point since the fault was set, which ends the fault; 3+: the third
///           and every later one
///   ACTION  kill: SIGKILL before the call; torn: SIGKILL after half of a write; EIO, ENOSPC or EROFS: the call fails;
///           hang: it waits until there is another fault, or none
/// Each call at a point is a line "PID POINT" in the file that FAULTY_IO_TRACE names; if it was struck, the action
/// follows.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace {

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

int real_open(const char* path, int flags, mode_t mode = 0) {
  static auto* const call = next<int(const char*, int, ...)>("open");
  return call(path, flags, mode);
}

ssize_t real_write(int descriptor, const void* bytes, size_t size) {
  static auto* const call = next<ssize_t(int, const void*, size_t)>("write");
  return call(descriptor, bytes, size);
}

/// Empty for files that recovery does not depend on.
std::string_view kind_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return "";
  const std::string_view name = path.substr(slash + 1);
  const std::string_view directory = path.substr(0, slash);
  if (directory.ends_with("/checkpoints")) return "checkpoint";
  if (name == "checkpoints") return "checkpoints_directory";
  if (name == "db") return "db_directory";
  if (!directory.ends_with("/db")) return "";
  if (name.ends_with(".log")) return "wal";
  if (name.ends_with(".sst")) return "sst";
  if (name.starts_with("MANIFEST-")) return "manifest";
  if (name.starts_with("OPTIONS-")) return "options";
  if (name == "CURRENT" || name.ends_with(".dbtmp")) return "current";
  return "";
}

std::string path_of(int descriptor) {
  char path[4096];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

std::string read_control(const char* path) {
  char text[256];
  const int descriptor = real_open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const ssize_t size = read(descriptor, text, sizeof text);
  close(descriptor);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

/// What is to happen to the call that is about to be made at `point`: empty, or an action.
std::string strike(const std::string& point) {
  static std::mutex mutex;
  static std::string current;
  static long hits = 0;
  static const char* const control = std::getenv("FAULTY_IO_CONTROL");
  static const char* const trace = std::getenv("FAULTY_IO_TRACE");
  if (control == nullptr || trace == nullptr) return "";
  const std::lock_guard lock(mutex);
  std::string fault = read_control(control);
  if (fault != current) {
    current = std::move(fault);
    hits = 0;
  }
  char wanted[64] = "", nth[16] = "", action[16] = "";
  std::sscanf(current.c_str(), "%63s %15s %15s", wanted, nth, action);
  char* suffix = nullptr;
  const long first = std::strtol(nth, &suffix, 10);
  const bool goes_on = *suffix == '+';
  std::string line = std::to_string(getpid()) + " " + point;
  std::string struck;
  if (point == wanted && (++hits == first || (hits > first && goes_on))) struck = action;
  if (!struck.empty()) line += " " + struck;
  if (!struck.empty() && !goes_on) close(real_open(control, O_WRONLY | O_TRUNC | O_CLOEXEC));
  line += "\n";
  const int descriptor = real_open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  real_write(descriptor, line.data(), line.size());
  close(descriptor);
  return struck;
}

/// The common part of all calls: true if it is to fail, with errno set.
bool fails(std::string_view path, const char* operation, std::string* torn = nullptr) {
  const std::string_view kind = kind_of(path);
  if (kind.empty()) return false;
  const std::string action = strike(std::string(kind) + "." + operation);
  if (action == "kill" || (action == "torn" && torn == nullptr)) raise(SIGKILL);
  if (action == "torn") *torn = action;
  if (action == "hang") {
    const std::string fault = read_control(std::getenv("FAULTY_IO_CONTROL"));
    while (!fault.empty() && read_control(std::getenv("FAULTY_IO_CONTROL")) == fault) usleep(10'000);
  }
  constexpr std::array<std::pair<std::string_view, int>, 3> kErrors{
      {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EROFS", EROFS}}};
  for (const auto& [name, number] : kErrors) {
    if (action != name) continue;
    errno = number;
    return true;
  }
  return false;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_CREAT) != 0 && fails(path, "create")) return -1;
  return real_open(path, flags, mode);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  std::string torn;
  if (descriptor > 2 && fails(path_of(descriptor), "write", &torn)) return -1;
  if (!torn.empty()) {
    real_write(descriptor, bytes, size / 2);
    raise(SIGKILL);
  }
  return real_write(descriptor, bytes, size);
}

int fsync(int descriptor) {
  static auto* const call = next<int(int)>("fsync");
  return fails(path_of(descriptor), "sync") ? -1 : call(descriptor);
}

int fdatasync(int descriptor) {
  static auto* const call = next<int(int)>("fdatasync");
  return fails(path_of(descriptor), "sync") ? -1 : call(descriptor);
}

int rename(const char* from, const char* to) {
  static auto* const call = next<int(const char*, const char*)>("rename");
  return fails(to, "rename") ? -1 : call(from, to);
}

int unlink(const char* path) {
  static auto* const call = next<int(const char*)>("unlink");
  return fails(path, "remove") ? -1 : call(path);
}

int remove(const char* path) {
  static auto* const call = next<int(const char*)>("remove");
  return fails(path, "remove") ? -1 : call(path);
}

}  // extern "C"
