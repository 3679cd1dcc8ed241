// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/event.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// Why an event is too old to be kept (DecodeOptions::oldest_kept); nullopt if it is not. Requests and both readers of the
/// log ask this of each event, so that none of them takes what another drops. An erase record has no age.
std::optional<std::string> too_old(const Event& event, const DecodeOptions& options);

}  // namespace freshet::ingest
