#pragma once

#include <zlib.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "base/event.h"

namespace freshet::bench {

/// Reads "session item unix_seconds ..." (tabs, plain or gzip), at most `limit` lines.
inline void read_recorded(const std::string& path, std::size_t limit, const std::function<void(const Event&)>& each) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  gzbuffer(file, 1 << 18);
  char line[4096];
  Event event;
  for (std::size_t count = 0; count < limit && gzgets(file, line, sizeof line) != nullptr; ++count) {
    const std::string_view text(line);
    const std::size_t first = text.find('\t'), second = text.find('\t', first + 1);
    event.session = text.substr(0, first);
    event.item = text.substr(first + 1, second - first - 1);
    event.time =
        timestamp_from_ms(static_cast<std::int64_t>(std::stod(std::string(text.substr(second + 1, 24))) * 1000));
    each(event);
  }
  gzclose(file);
}

}  // namespace freshet::bench
