// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/age_limit.h"

namespace freshet::ingest {

std::optional<std::string> too_old(const Event& event, const DecodeOptions& options) {
  if (!options.oldest_kept || event.kind != EventKind::interaction) return std::nullopt;
  const Timestamp oldest = options.oldest_kept();
  if (event.time >= oldest) return std::nullopt;
  return "ts: " + format_rfc3339(event.time) + " is too old: events before " + format_rfc3339(oldest) +
         " are not kept (store.max_event_age)";
}

}  // namespace freshet::ingest
