// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/eraser.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/sync.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::milliseconds kRetryPause{5'000};  // a reader still needs the records, or the disk fails

}  // namespace

Eraser::Eraser(store::Database& database, EventLog& log, std::function<Positions()> read,
               std::chrono::milliseconds interval, Metrics& metrics)
    : erasures_(database),
      log_(log),
      read_(std::move(read)),
      interval_(interval),
      pending_(metrics.gauge("freshet_store_erasures_pending",
                             "Erased owners whose bytes may still be in files of the data directory.")),
      finished_(metrics.counter("freshet_store_erasures_finished_total",
                                "Erased owners whose bytes have been removed from all files of the store.")) {}

/// False if there is nothing to erase, or if a reader still needs the records.
Result<bool> Eraser::erase() {
  auto pending = erasures_.pending();
  if (!pending) return pending.error();
  pending_.Set(static_cast<double>(pending->size()));
  std::set<std::int32_t> read;
  for (const auto& [partition, end] : read_()) read.insert(partition);
  const auto committed = erasures_.committed(*std::move(pending), read);
  if (!committed) return committed.error();
  if (committed->empty()) return false;
  if (*committed != without_dead_letters_) {
    if (const auto erased = erasures_.erase_dead_letters(*committed); !erased) return erased.error();
    without_dead_letters_ = *committed;
  }
  const auto forgotten = log_.forget(*committed);
  if (!forgotten) return forgotten.error();
  if (!*forgotten) return false;
  if (const auto done = erasures_.finish(*committed); !done) return done.error();
  pending_.Decrement(static_cast<double>(committed->size()));
  finished_.Increment(static_cast<double>(committed->size()));
  log::info("erased owners have been removed from the store's files", {{"owners", committed->size()}});
  return true;
}

void Eraser::finish_interrupted() {
  if (const auto finished = erasures_.finish({}); !finished) {
    log::warn("cannot finish an interrupted erasure", {{"reason", finished.error().message}});
  }
}

void Eraser::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto erased = erase();
    if (!erased) {
      log::warn("cannot remove erased owners from the store's files; trying again",
                {{"reason", erased.error().message}});
    }
    sleep_for(stop, erased && *erased ? interval_ : std::min(interval_, kRetryPause));
  }
}

}  // namespace freshet::ingest
