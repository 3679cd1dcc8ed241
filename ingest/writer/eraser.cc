#include "ingest/writer/eraser.h"

#include <algorithm>

#include "base/log.h"
#include "base/sync.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::milliseconds kRetryPause{5'000};  // a reader still needs the records, or the disk fails

}  // namespace

Eraser::Eraser(store::Database& database, EventLog& log, std::chrono::milliseconds interval, Metrics& metrics)
    : erasures_(database),
      log_(log),
      interval_(interval),
      pending_(metrics.gauge("freshet_store_erasures_pending",
                             "Erased owners whose bytes may still be in files of the data directory.")),
      finished_(metrics.counter("freshet_store_erasures_finished_total",
                                "Erased owners whose bytes have been removed from all files of the store.")) {}

/// False if no erasure is pending, or if a reader still needs the records.
Result<bool> Eraser::erase() {
  const auto pending = erasures_.pending();
  if (!pending) return pending.error();
  pending_.Set(static_cast<double>(pending->size()));
  if (pending->empty()) return false;
  const auto forgotten = log_.forget(*pending);
  if (!forgotten) return forgotten.error();
  if (!*forgotten) return false;
  if (const auto done = erasures_.finish(*pending); !done) return done.error();
  pending_.Set(0);
  finished_.Increment(static_cast<double>(pending->size()));
  log::info("erased owners have been removed from the store's files", {{"owners", pending->size()}});
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
