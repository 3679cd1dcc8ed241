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

/// File format, part of the on-disk format: magic, version, length, crc32 of the bytes, then the bytes.
constexpr std::string_view kMagic = "FRSHCKPT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 4;
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kTemporary = "writing.tmp";

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string name_of(std::uint64_t sequence) {
  char name[48];
  std::snprintf(name, sizeof name, "checkpoint-%020llu", static_cast<unsigned long long>(sequence));
  return name;
}

std::uint64_t sequence_of(const std::string& name) { return std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10); }

/// Closes on every way out.
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

Result<void> write_file(const std::string& path, std::string_view bytes) {
  std::string header(kMagic);
  ByteWriter out(header);
  out.fixed(kVersion);
  out.fixed(static_cast<std::uint64_t>(bytes.size()));
  out.fixed(checksum(bytes));
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (file.descriptor < 0) return failed("cannot create", path);
  if (!write_all(file.descriptor, header) || !write_all(file.descriptor, bytes)) return failed("cannot write", path);
  if (::fsync(file.descriptor) != 0) return failed("cannot sync", path);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const File directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.descriptor < 0 || ::fsync(directory.descriptor) != 0) return failed("cannot sync", path);
  return {};
}

/// The file's bytes with the header still in front, checked.
Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return failed("cannot open", path);
  std::string file(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0);
  in.read(file.data(), static_cast<std::streamsize>(file.size()));
  if (!in) return failed("cannot read", path);

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
  if (crc != checksum(std::string_view(file).substr(kHeaderBytes))) return Error{Errc::corrupt, "wrong checksum"};
  return file;
}

}  // namespace

CheckpointStore::CheckpointStore(std::string directory, std::size_t keep)
    : directory_(std::move(directory)), keep_(keep) {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw std::runtime_error("cannot create " + directory_ + ": " + error.message());
  fs::remove(fs::path(directory_) / kTemporary, error);  // left by a crash while writing
}

Result<void> CheckpointStore::write(std::string_view bytes) {
  const auto existing = list();
  const std::uint64_t sequence = existing.empty() ? 1 : sequence_of(existing.front()) + 1;
  const std::string temporary = directory_ + "/" + std::string(kTemporary);
  const std::string path = directory_ + "/" + name_of(sequence);
  if (auto written = write_file(temporary, bytes); !written) {
    std::error_code ignored;
    fs::remove(temporary, ignored);  // on a full disk every byte counts
    return written;
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot rename to", path);
  if (auto synced = sync_directory(directory_); !synced) return synced;

  for (std::size_t i = keep_ - 1; i < existing.size(); ++i) {
    std::error_code ignored;
    fs::remove(fs::path(directory_) / existing[i], ignored);
  }
  return {};
}

bool CheckpointStore::read_newest(const std::function<Result<void>(std::string_view bytes)>& load) const {
  for (const std::string& name : list()) {
    const auto file = read_file(directory_ + "/" + name);
    const Result<void> loaded = file ? load(std::string_view(*file).substr(kHeaderBytes)) : Result<void>(file.error());
    if (loaded) return true;
    log::error("a checkpoint cannot be used and is passed over for the one before",
               {{"checkpoint", name}, {"reason", loaded.error().message}});
  }
  return false;
}

std::vector<std::string> CheckpointStore::list(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.starts_with(kPrefix)) names.push_back(std::move(name));
  }
  std::ranges::sort(names, std::greater<>{});
  return names;
}

}  // namespace freshet::store
