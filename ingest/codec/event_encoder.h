// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/event.h"

namespace freshet::ingest {

/// The canonical JSON of an event: decode(encode_event(e)) == e. `props` is copied as the decoder left it.
std::string encode_event(const Event& event);

/// `text` as the log holds it: with Event::sender as the first member. A text that is not an object, and any text if
/// `sender` is empty, stays as it is.
std::string with_sender(std::string_view text, std::string_view sender);

/// Upper bound of the length: seven texts of kMaxIdBytes and a sender, up to six bytes for each of their bytes, and props.
inline constexpr std::size_t kMaxEncodedBytes = 32 << 10;
static_assert(6 * (7 * kMaxIdBytes + kMaxSenderBytes) + kMaxPropsBytes + 256 < kMaxEncodedBytes);

/// The record that makes every reader of the log forget what `owner` did before it: {"type":"$erase","user":"..."}.
/// `partition_only`: in its own partition (Event::partition_only).
std::string encode_erase(const Owner& owner, bool partition_only = false);

}  // namespace freshet::ingest
