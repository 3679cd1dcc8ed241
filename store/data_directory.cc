// SPDX-License-Identifier: Apache-2.0
#include "store/data_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& message) { throw std::runtime_error(message); }

}  // namespace

std::string database_path(const std::string& directory) { return directory + "/db"; }

void check_directory(const std::string& directory, bool create) {
  const fs::path path = directory;
  std::error_code error;
  if (!fs::exists(path, error)) {
    if (error && error != std::errc::no_such_file_or_directory) {
      refuse("cannot use the data directory " + directory + ": " + error.message());
    }
    if (!create) refuse("no data directory at " + directory);
    fs::create_directories(path, error);
    if (error) refuse("cannot create the data directory " + directory + ": " + error.message());
    return;
  }
  if (!fs::is_directory(path, error)) refuse(directory + " is not a directory");
  const bool ours = fs::exists(path / "db" / "CURRENT", error);
  const bool empty = fs::is_empty(path, error);
  if (error) refuse("cannot read the data directory " + directory + ": " + error.message());
  const bool interrupted_start = fs::exists(path / "db", error);
  if (!ours && !empty && !interrupted_start) refuse(directory + " is not a freshet data directory (and not empty)");
  if (!create && !ours) refuse(directory + " is not a freshet data directory");
}

std::uint64_t write_ahead_log_bytes(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator it(database_path(directory), error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // RocksDB may delete the file meanwhile
    if (it->path().extension() == ".log") {
      const auto size = it->file_size(gone);
      if (!gone) bytes += size;
    }
  }
  return bytes;
}

Result<void> check_disk(const std::string& directory) {
  const std::string path = directory + "/probe.tmp";
  const auto failed = [](const char* what) {
    return Error{Errc::unavailable, std::string(what) + ": " + std::strerror(errno)};
  };
  const std::string block(4096, '\0');
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed("cannot create a file");
  Result<void> written;
  if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) written = failed("cannot write");
  if (written && ::fsync(file) != 0) written = failed("cannot sync");
  ::close(file);
  ::unlink(path.c_str());
  if (!written) return written;

  constexpr std::uint64_t kSpare = 8 << 20;
  std::error_code error;
  const std::uint64_t needed = kSpare + write_ahead_log_bytes(directory);
  const auto space = fs::space(directory, error);
  if (error) return Error{Errc::unavailable, "cannot read the free space of the disk: " + error.message()};
  if (space.available < needed) {
    return Error{Errc::unavailable, "the disk is full: free at least " + std::to_string(needed >> 20) + " MiB"};
  }
  return {};
}

}  // namespace freshet::store
