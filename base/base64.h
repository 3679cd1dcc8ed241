// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

/// The six bits that a digit of Base64 stands for, in the standard alphabet or that of URLs (RFC 4648).
std::optional<std::uint32_t> base64_digit(char c);

/// Base64 in the alphabet of URLs, without padding.
std::string to_base64url(std::string_view bytes);

/// The bytes that a text is Base64 of, with padding or without. Nullopt if it is not Base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace freshet
