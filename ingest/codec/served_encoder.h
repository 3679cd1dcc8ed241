// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/event.h"

namespace freshet::ingest {

/// The one member of the record of a list (docs/event_format.md).
inline constexpr std::string_view kServedMember = "$served";

/// Longest record of a list.
inline constexpr std::size_t kMaxServedRecordBytes = 1 << 20;

/// The record of a list: decode(encode_served_list(e)) == e.
/// REQUIRES: event.kind is served
/// Cost:     for an item its id, its score with three digits, and four bytes
std::string encode_served_list(const Event& event);

}  // namespace freshet::ingest
