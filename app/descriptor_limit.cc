// SPDX-License-Identifier: Apache-2.0
#include "app/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace freshet::app {
namespace {

/// RocksDB opens up to 1,024 files (store/open_database.cc); the rest is for the log, checkpoints and Kafka.
constexpr std::size_t kReserved = 1'200;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

std::size_t connections_within(std::size_t limit, std::size_t wanted) {
  return std::clamp(limit - std::min(kReserved, limit / 2), std::size_t{1}, wanted);
}

}  // namespace freshet::app
