#pragma once

#include <cstddef>
#include <string>

#include "base/event.h"

namespace freshet::ingest {

/// The canonical JSON of an event: decode(encode_event(e)) == e. `props` is copied as the decoder left it.
std::string encode_event(const Event& event);

/// Upper bound of the length: seven texts of kMaxIdBytes, up to six bytes for each of their bytes, and props.
inline constexpr std::size_t kMaxEncodedBytes = 32 << 10;
static_assert(7 * 6 * kMaxIdBytes + kMaxPropsBytes + 256 < kMaxEncodedBytes);

/// The record that makes every reader of the log forget what `owner` did before it: {"type":"$erase","user":"..."}.
/// `partition_only`: in its own partition (Event::partition_only).
std::string encode_erase(const Owner& owner, bool partition_only = false);

}  // namespace freshet::ingest
