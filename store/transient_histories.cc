#include "store/transient_histories.h"

#include <algorithm>
#include <iterator>

namespace freshet::store {
TransientHistories::TransientHistories(const Options& options, const Clock& clock, Metrics& metrics)
    : max_events_(options.transient_events),
      max_age_(options.transient_for),
      clock_(clock),
      held_gauge_(metrics.gauge("freshet_store_transient_events", "Events without consent, held in memory only.")),
      dropped_(metrics.counter("freshet_store_transient_dropped_total",
                               "Events without consent that were evicted from memory before they expired.")) {}

TransientHistories::Number TransientHistories::add(const Event& event) {
  const MutexLock lock(mutex_);
  expire_locked();
  Event kept;
  kept.user = event.user;
  kept.session = event.session;
  kept.item = event.item;
  kept.type = event.type;
  kept.time = event.time;
  kept.consent = false;
  const Number number = next_++;
  held_.emplace(number, Held{clock_.elapsed(), std::move(kept)});
  for (Owner& owner : owners_of(event)) {
    if (!owner.id.empty()) of_[std::move(owner)].insert(number);
  }
  while (held_.size() > max_events_) {
    remove_locked(held_.begin()->first);
    dropped_.Increment();
  }
  publish_count_locked();
  return number;
}

void TransientHistories::remove(Number number) {
  const MutexLock lock(mutex_);
  if (held_.contains(number)) remove_locked(number);
  publish_count_locked();
}

std::vector<Event> TransientHistories::recent(const Owner& owner, std::size_t limit) {
  if (count_.load() == 0) return {};
  const MutexLock lock(mutex_);
  expire_locked();
  std::vector<Event> events;
  const auto own = of_.find(owner);
  if (own == of_.end()) return events;
  for (auto number = own->second.rbegin(); number != own->second.rend() && events.size() < limit; ++number) {
    events.push_back(held_.at(*number).event);
  }
  std::ranges::stable_sort(events, std::ranges::greater{}, &Event::time);
  return events;
}

TransientPage TransientHistories::page(const Owner& owner, std::size_t limit, std::optional<std::uint64_t> after) {
  const MutexLock lock(mutex_);
  expire_locked();
  TransientPage page;
  const auto own = of_.find(owner);
  if (own == of_.end()) return page;
  const std::set<Number>& numbers = own->second;
  auto number = std::make_reverse_iterator(after ? numbers.lower_bound(*after) : numbers.end());
  for (; number != numbers.rend() && page.events.size() < limit; ++number) {
    page.events.push_back(held_.at(*number).event);
    page.next = *number;
  }
  if (number == numbers.rend()) page.next.reset();
  return page;
}

void TransientHistories::erase(const Owner& owner) {
  Number end = 0;
  {
    const MutexLock lock(mutex_);
    end = next_;
  }
  while (erase_some(owner, end)) {
  }
}

/// Removes some of the owner's events before `end`, since every list waits for the lock. False if there are none left.
bool TransientHistories::erase_some(const Owner& owner, Number end) {
  constexpr int kAtATime = 500;
  const MutexLock lock(mutex_);
  for (int i = 0; i < kAtATime; ++i) {
    const auto own = of_.find(owner);
    const bool left = own != of_.end() && *own->second.begin() < end;
    if (!left) {
      publish_count_locked();
      return false;
    }
    remove_locked(*own->second.begin());
  }
  return true;
}

void TransientHistories::expire() {
  const MutexLock lock(mutex_);
  expire_locked();
}

void TransientHistories::expire_locked() {
  const auto oldest = clock_.elapsed() - max_age_;
  while (!held_.empty() && held_.begin()->second.arrival <= oldest) remove_locked(held_.begin()->first);
  publish_count_locked();
}

void TransientHistories::publish_count_locked() {
  count_.store(held_.size());
  held_gauge_.Set(static_cast<double>(held_.size()));
}

void TransientHistories::remove_locked(Number number) {
  const auto entry = held_.find(number);
  for (const Owner& owner : owners_of(entry->second.event)) {
    const auto own = of_.find(owner);
    if (own == of_.end()) continue;
    own->second.erase(number);
    if (own->second.empty()) of_.erase(own);
  }
  held_.erase(entry);
}

}  // namespace freshet::store
