// SPDX-License-Identifier: Apache-2.0
#include "base/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace freshet {
namespace {

struct File {
  int descriptor;
  explicit File(int the_descriptor) : descriptor(the_descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor >= 0) close(descriptor);
  }
};

Error problem() {
  if (errno == EISDIR) return {Errc::invalid, "is a directory"};
  return {Errc::invalid, std::string("cannot be read: ") + std::strerror(errno)};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.descriptor < 0) return problem();
  std::string content;
  std::array<char, 16 << 10> piece;
  while (true) {
    const ssize_t size = read(file.descriptor, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return problem();
    if (size == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(size));
    if (content.size() > kMaxTextFileBytes) return Error{Errc::invalid, "is larger than 16 MiB"};
  }
}

}  // namespace freshet
