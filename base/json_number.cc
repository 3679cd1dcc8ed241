// SPDX-License-Identifier: Apache-2.0
#include "base/json_number.h"

#include <array>
#include <charconv>
#include <cmath>

namespace freshet {
namespace {

constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53

template <typename Number, typename... Format>
void append(std::string& out, Number number, Format... format) {
  std::array<char, 32> digits;  // the longest double takes 24
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, format...).ptr;
  out.append(digits.data(), end);
}

bool is_negative_zero(double number) { return number == 0 && std::signbit(number); }

}  // namespace

void append_json_number(std::string& out, double number) {
  if (is_negative_zero(number)) {
    out += "-0.0";
  } else if (std::abs(number) > kMaxExactInteger) {
    append(out, number, std::chars_format::scientific);
  } else {
    append(out, number);
  }
}

void append_json_number(std::string& out, float number) {
  if (is_negative_zero(number)) {
    out += "-0.0";
    return;
  }
  const std::size_t begin = out.size();
  append(out, number);
  double read = 0;
  std::from_chars(out.data() + begin, out.data() + out.size(), read);
  if (static_cast<float>(read) == number) return;
  out.resize(begin);
  append(out, number, std::chars_format::general, 9);
}

}  // namespace freshet
