#pragma once

#include <atomic>

#include "cli/config.h"

namespace freshet::cli {

/// The composition root: builds store, log, learner and server from a Config, runs them and stops them in order:
/// stop accepting -> drain requests -> stop the history writer -> stop the learner -> checkpoint -> commit.
/// Errors: throws std::runtime_error with one clear line if it cannot start.
/// Returns when `stop` becomes true (a signal handler sets it).
void run_service(const Config& config, const std::atomic<bool>& stop);

}  // namespace freshet::cli
