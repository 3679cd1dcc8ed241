// SPDX-License-Identifier: Apache-2.0
#include "serve/http/http_date.h"

#include <array>

namespace freshet::serve {

std::string_view HttpDate::at(std::time_t now) {
  if (now == second_) return text_;
  second_ = now;
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> buffer;
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  text_.assign(buffer.data(), size);
  return text_;
}

}  // namespace freshet::serve
