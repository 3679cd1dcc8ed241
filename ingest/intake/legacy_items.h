// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stop_token>

#include "base/result.h"
#include "ingest/event_log.h"
#include "store/catalogue.h"

namespace freshet::ingest {

/// Appends to the log the items that 0.1.0 stored beside it, so that the learner and other instances have them too. The history
/// writer then stores them anew; an item that has been changed since is not appended.
/// Returns the number of items appended. To call it again is harmless.
/// Threads: any; blocks until the log has acknowledged.
/// Errors:  those of the log and the store; timed_out.
Result<std::size_t> append_legacy_items(const store::Catalogue& catalogue, EventLog& log, const std::stop_token& stop);

}  // namespace freshet::ingest
