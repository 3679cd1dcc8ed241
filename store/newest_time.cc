#include "store/newest_time.h"

#include "base/log.h"

namespace freshet::store {

void NewestTime::raise(Timestamp to) {
  std::int64_t seen = newest_ms_.load();
  while (seen < to_ms(to) && !newest_ms_.compare_exchange_weak(seen, to_ms(to))) {
  }
  const bool ahead = newest() > latest();
  if (ahead_.exchange(ahead) || !ahead) return;
  log::warn("a time is far ahead of the clock; ages are computed from the clock: check clocks of host and producers",
            {{"time", name_}, {"newest", format_rfc3339(newest())}, {"clock", format_rfc3339(clock_.now())}});
}

}  // namespace freshet::store
