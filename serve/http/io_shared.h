// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/metrics.h"
#include "serve/api/api.h"
#include "serve/http/background_thread.h"
#include "serve/http/memory_budget.h"
#include "serve/http/tls.h"
#include "serve/options.h"

namespace freshet::serve {

/// What the I/O threads share. Options, API and TLS outlive it.
/// Threads: all members may be used concurrently.
struct IoShared {
  const Options& options;
  const Api& api;
  const Tls* tls;  ///< null: plain HTTP
  Gauge& connections;
  Counter& shed;
  Counter& withheld_answers;
  Counter& late;  ///< requests that the threads below had no time for
  MemoryBudget bodies{options.max_body_bytes_total};
  MemoryBudget answers{options.max_answer_bytes_total};
  /// For work that may wait for the disk.
  BackgroundThread disk{"freshet-disk", 64};
  /// Decodes and handles large bodies of changes. Nobody waits longer for an answer.
  BackgroundThread large_bodies{"freshet-bodies", 1024, options.events_timeout};
  /// Decodes and handles large bodies of lists, and makes what takes long to read. It is of use soon or not at all.
  BackgroundThread reads{"freshet-reads", 256, std::chrono::seconds(2)};
};

}  // namespace freshet::serve
