// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoint_store.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/bytes.h"
#include "base/log.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

/// Part of the on-disk format: magic, version, length, crc32 of the bytes, then the bytes.
constexpr std::string_view kMagic = "FRSHCKPT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 4;
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kTemporary = "writing.tmp";

/// Continues the checksum `so_far` with `bytes`. The checksum of no bytes is 0.
std::uint32_t checksum(std::uint32_t so_far, std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string name_of(std::uint64_t sequence) {
  char name[48];
  std::snprintf(name, sizeof name, "checkpoint-%020llu", static_cast<unsigned long long>(sequence));
  return name;
}

/// 0 for a name that is not exactly a checkpoint's, such as that of a copy.
std::uint64_t sequence_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return 0;
  const std::uint64_t sequence = std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10);
  return name == name_of(sequence) ? sequence : 0;
}

/// Closes the file when it goes out of scope.
struct File {
  int descriptor = -1;
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

Error failed(const std::string& what, const std::string& path) {
  return {Errc::unavailable, what + " " + path + ": " + std::strerror(errno)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string header_of(std::uint64_t length, std::uint32_t crc) {
  std::string header(kMagic);
  ByteWriter out(header);
  out.fixed(kVersion);
  out.fixed(length);
  out.fixed(crc);
  return header;
}

/// Reserves space for the header and writes it last, since it has length and checksum.
Result<std::uint64_t> write_file(const std::string& path,
                                 const std::function<void(const CheckpointStore::Sink&)>& encode) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (file.descriptor < 0) return failed("cannot create", path);
  std::uint64_t length = 0;
  std::uint32_t crc = 0;
  Result<void> written;
  const auto append = [&](std::string_view piece) {
    if (written && !write_all(file.descriptor, piece)) written = failed("cannot write", path);
  };
  append(header_of(0, 0));
  encode([&](std::string_view piece) {
    length += piece.size();
    crc = checksum(crc, piece);
    append(piece);
  });
  if (!written) return written.error();
  if (::lseek(file.descriptor, 0, SEEK_SET) != 0) return failed("cannot write", path);
  append(header_of(length, crc));
  if (!written) return written.error();
  if (::fsync(file.descriptor) != 0) return failed("cannot sync", path);
  return length;
}

Result<void> sync_directory(const std::string& path) {
  const File directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.descriptor < 0 || ::fsync(directory.descriptor) != 0) return failed("cannot sync", path);
  return {};
}

/// Does not map the file: a failing disk must cause an error, not a signal.
Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return failed("cannot open", path);
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!in) return failed("cannot read", path);
  return bytes;
}

/// The bytes after the header, if length and checksum are right.
Result<std::string_view> checked(std::string_view file) {
  ByteReader header(file);
  const std::string_view magic = header.take(kMagic.size());
  const auto version = header.fixed<std::uint32_t>();
  const auto length = header.fixed<std::uint64_t>();
  const auto crc = header.fixed<std::uint32_t>();
  if (!header.ok() || magic != kMagic) return Error{Errc::corrupt, "not a checkpoint"};
  if (version != kVersion) return Error{Errc::corrupt, "format " + std::to_string(version) + " is not known"};
  if (length != header.remaining()) {
    return Error{Errc::corrupt,
                 "truncated: " + std::to_string(header.remaining()) + " of " + std::to_string(length) + " bytes"};
  }
  const std::string_view bytes = file.substr(kHeaderBytes);
  if (crc != checksum(0, bytes)) return Error{Errc::corrupt, "wrong checksum"};
  return bytes;
}

}  // namespace

CheckpointStore::CheckpointStore(std::string directory, std::size_t keep)
    : directory_(std::move(directory)), keep_(keep) {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw std::runtime_error("cannot create " + directory_ + ": " + error.message());
  fs::remove(fs::path(directory_) / kTemporary, error);  // left by a crash while writing
}

Result<std::uint64_t> CheckpointStore::write(std::string_view bytes) {
  return write([bytes](const Sink& sink) { sink(bytes); });
}

Result<std::uint64_t> CheckpointStore::write(const std::function<void(const Sink&)>& encode) {
  const auto existing = list();
  const std::uint64_t sequence = existing.empty() ? 1 : sequence_of(existing.front()) + 1;
  const std::string temporary = directory_ + "/" + std::string(kTemporary);
  const std::string path = directory_ + "/" + name_of(sequence);
  auto written = write_file(temporary, encode);
  if (!written) {
    std::error_code ignored;
    fs::remove(temporary, ignored);  // frees space on a full disk
    return written;
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot rename to", path);
  if (auto synced = sync_directory(directory_); !synced) return synced.error();

  for (std::size_t i = keep_ - 1; i < existing.size(); ++i) {
    std::error_code ignored;
    fs::remove(fs::path(directory_) / existing[i], ignored);
  }
  return written;
}

std::optional<std::string> CheckpointStore::read_newest(
    const std::function<Result<void>(std::string_view bytes)>& load) const {
  for (const std::string& name : list()) {
    const auto file = read_file(directory_ + "/" + name);
    const auto bytes = file ? checked(*file) : Result<std::string_view>(file.error());
    const Result<void> loaded = bytes ? load(*bytes) : Result<void>(bytes.error());
    if (loaded) return name;
    log::error("a checkpoint cannot be used; trying the one before it",
               {{"checkpoint", name}, {"reason", loaded.error().message}});
  }
  return std::nullopt;
}

std::string CheckpointStore::head_before(const std::string& name, std::size_t most) const {
  const auto names = list();
  const auto before = std::ranges::upper_bound(names, name, std::greater<>{});  // newest first
  if (before == names.end()) return {};
  std::ifstream in(directory_ + "/" + *before, std::ios::binary);
  std::string head(kHeaderBytes + most, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head.starts_with(kMagic) ? head.substr(std::min(kHeaderBytes, head.size())) : "";
}

std::vector<std::string> CheckpointStore::list(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (sequence_of(name) > 0) names.push_back(std::move(name));
  }
  std::ranges::sort(names, std::greater<>{});
  return names;
}

}  // namespace freshet::store
