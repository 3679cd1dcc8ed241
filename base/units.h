// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// "250ms", "30s", "5m", "24h", "7d": a whole number and a unit. Total over all inputs.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The same, and a bare whole number as seconds.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text);
/// The shortest spelling that parse_duration reads back.
std::string format_duration(std::chrono::milliseconds duration);

/// "512", "64KiB", "256MiB", "2GiB". Total over all inputs.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

}  // namespace freshet
