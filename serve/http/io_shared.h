#pragma once

#include <cstdint>

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
  MemoryBudget bodies{options.max_body_bytes_total};
  MemoryBudget answers{options.max_answer_bytes_total};
  BackgroundThread disk{"freshet-disk", 64};                  ///< for work that may wait for the disk
  BackgroundThread large_bodies{"freshet-bodies", SIZE_MAX};  ///< decodes and handles them; memory bounds their number
};

}  // namespace freshet::serve
