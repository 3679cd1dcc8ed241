#pragma once

#include <cstddef>
#include <string>

#include "base/event.h"

namespace freshet::ingest {

/// The canonical JSON of an event: decode(encode_event(e)) == e, also for `props`, which is as the decoder left it.
std::string encode_event(const Event& event);

/// No event is encoded longer: seven texts of kMaxIdBytes, each byte of which may need six, and props.
inline constexpr std::size_t kMaxEncodedBytes = 32 << 10;
static_assert(7 * 6 * kMaxIdBytes + kMaxPropsBytes + 256 < kMaxEncodedBytes);

/// The record that asks every reader of the log to forget `owner`: {"type":"$erase","user":"..."}.
std::string encode_erase(const Owner& owner);

}  // namespace freshet::ingest
