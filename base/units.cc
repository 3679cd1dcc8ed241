// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace freshet {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

// Largest first.
constexpr std::array<Unit, 5> kDurations{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{{{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, factor] : units) {
    if (rest != name) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) return std::nullopt;
    return number * factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string format(std::uint64_t number, const std::array<Unit, N>& units, std::string_view zero) {
  if (number == 0) return std::string(zero);
  for (const auto& [name, factor] : units) {
    if (number % factor == 0) return std::to_string(number / factor) + std::string(name);
  }
  return std::to_string(number);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto ms = parse(text, kDurations);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
}

std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text) {
  const bool bare = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return parse_duration(bare ? std::string(text) + "s" : std::string(text));
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()), kDurations, "0s");
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse(text, kSizes); }
std::string format_size(std::uint64_t bytes) { return format(bytes, kSizes, "0"); }

}  // namespace freshet
