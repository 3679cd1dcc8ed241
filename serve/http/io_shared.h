#pragma once

#include "base/metrics.h"
#include "serve/api/api.h"
#include "serve/http/disk_worker.h"
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
  DiskWorker disk{};
};

}  // namespace freshet::serve
