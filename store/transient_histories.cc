#include "store/transient_histories.h"

#include <algorithm>
#include <array>

namespace freshet::store {
namespace {

std::array<Owner, 2> owners_of(const Event& event) {
  return {Owner{Owner::Kind::user, event.user}, Owner{Owner::Kind::session, event.session}};
}

}  // namespace

TransientHistories::TransientHistories(const Options& options, const Clock& clock, Metrics& metrics)
    : max_events_(options.transient_events),
      max_age_(options.transient_for),
      clock_(clock),
      held_gauge_(metrics.gauge("freshet_store_transient_events", "Events without consent, held in memory only.")),
      dropped_(metrics.counter("freshet_store_transient_dropped_total",
                               "Events without consent that were evicted from memory before they expired.")) {}

void TransientHistories::add(const Event& event) {
  const MutexLock lock(mutex_);
  expire_locked();
  Event kept;
  kept.user = event.user;
  kept.session = event.session;
  kept.item = event.item;
  kept.type = event.type;
  kept.time = event.time;
  kept.consent = false;
  const Entry entry = held_.insert(held_.end(), {clock_.elapsed(), std::move(kept)});
  for (Owner& owner : owners_of(event)) {
    if (!owner.id.empty()) of_[std::move(owner)].push_back(entry);
  }
  while (held_.size() > max_events_) {
    remove(held_.begin());
    dropped_.Increment();
  }
  publish_count_locked();
}

std::vector<Event> TransientHistories::recent(const Owner& owner, std::size_t limit) {
  if (count_.load() == 0) return {};
  const MutexLock lock(mutex_);
  expire_locked();
  std::vector<Event> events;
  const auto own = of_.find(owner);
  if (own == of_.end()) return events;
  for (auto entry = own->second.rbegin(); entry != own->second.rend() && events.size() < limit; ++entry) {
    events.push_back((*entry)->event);
  }
  std::ranges::stable_sort(events, std::ranges::greater{}, &Event::time);
  return events;
}

void TransientHistories::erase(const Owner& owner) {
  const MutexLock lock(mutex_);
  const auto own = of_.find(owner);
  if (own == of_.end()) return;
  const auto entries = own->second;
  for (const Entry entry : entries) remove(entry);
  publish_count_locked();
}

void TransientHistories::expire() {
  const MutexLock lock(mutex_);
  expire_locked();
}

void TransientHistories::expire_locked() {
  const auto oldest = clock_.elapsed() - max_age_;
  while (!held_.empty() && held_.front().arrival <= oldest) remove(held_.begin());
  publish_count_locked();
}

void TransientHistories::publish_count_locked() {
  count_.store(held_.size());
  held_gauge_.Set(static_cast<double>(held_.size()));
}

void TransientHistories::remove(Entry entry) {
  for (const Owner& owner : owners_of(entry->event)) {
    const auto own = of_.find(owner);
    if (own == of_.end()) continue;
    own->second.erase(std::ranges::find(own->second, entry));  // the first, if it is removed by age or number
    if (own->second.empty()) of_.erase(own);
  }
  held_.erase(entry);
}

}  // namespace freshet::store
