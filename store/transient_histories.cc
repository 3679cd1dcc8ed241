// SPDX-License-Identifier: Apache-2.0
#include "store/transient_histories.h"

#include <algorithm>
#include <iterator>

namespace freshet::store {
namespace {

/// Memory of an event, with its share of the indexes. Events of one owner, and of one sender, share an entry there;
/// each is taken to have its own, so that the sum is never too small.
std::size_t bytes_of(const Event& event) {
  constexpr std::size_t kNode = 48;  // of a map or set, without the value
  const std::size_t ids = event.user.size() + event.session.size();
  const std::size_t entry = kNode + sizeof(Owner) + sizeof(std::set<TransientHistories::Number>) + kNode;
  const std::size_t of_sender = 4 * kNode + sizeof(std::string) + sizeof(std::set<TransientHistories::Number>) + 32;
  return kNode + sizeof(Event) + 64 + 2 * entry + 2 * ids + event.item.size() + event.type.size() + of_sender +
         2 * event.sender.size();
}

}  // namespace

TransientHistories::TransientHistories(const Options& options, const Clock& clock, Metrics& metrics)
    : max_events_(options.transient_events),
      max_bytes_(options.transient_bytes),
      max_age_(options.transient_for),
      clock_(clock),
      held_gauge_(metrics.gauge("freshet_store_transient_events", "Events without consent, held in memory only.")),
      bytes_gauge_(metrics.gauge("freshet_store_transient_bytes", "Memory of the events without consent.")),
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
  const std::size_t bytes = bytes_of(event);
  bytes_ += bytes;
  const auto held = held_.emplace(number, Held{clock_.elapsed(), std::move(kept), bytes, event.sender}).first;
  add_to_sender_locked(number, held->second);
  for (Owner& owner : owners_of(event)) {
    if (!owner.id.empty()) of_[std::move(owner)].insert(number);
  }
  while (held_.size() > max_events_ || bytes_ > max_bytes_) {
    const std::string largest(by_bytes_.rbegin()->second);
    remove_locked(*senders_.at(largest).numbers.begin());
    dropped_.Increment();
  }
  publish_size_locked();
  return number;
}

void TransientHistories::remove(Number number) {
  const MutexLock lock(mutex_);
  if (held_.contains(number)) remove_locked(number);
  publish_size_locked();
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
      publish_size_locked();
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
  publish_size_locked();
}

void TransientHistories::publish_size_locked() {
  count_.store(held_.size());
  held_gauge_.Set(static_cast<double>(held_.size()));
  bytes_gauge_.Set(static_cast<double>(bytes_));
}

void TransientHistories::remove_locked(Number number) {
  const auto entry = held_.find(number);
  for (const Owner& owner : owners_of(entry->second.event)) {
    const auto own = of_.find(owner);
    if (own == of_.end()) continue;
    own->second.erase(number);
    if (own->second.empty()) of_.erase(own);
  }
  remove_from_sender_locked(number, entry->second);
  bytes_ -= entry->second.bytes;
  held_.erase(entry);
}

void TransientHistories::add_to_sender_locked(Number number, const Held& held) {
  const auto sender = senders_.try_emplace(held.sender).first;
  by_bytes_.erase({sender->second.bytes, sender->first});
  sender->second.bytes += held.bytes;
  sender->second.numbers.insert(number);
  by_bytes_.emplace(sender->second.bytes, sender->first);
}

void TransientHistories::remove_from_sender_locked(Number number, const Held& held) {
  const auto sender = senders_.find(held.sender);
  by_bytes_.erase({sender->second.bytes, sender->first});
  sender->second.bytes -= held.bytes;
  sender->second.numbers.erase(number);
  if (sender->second.numbers.empty()) {
    senders_.erase(sender);
  } else {
    by_bytes_.emplace(sender->second.bytes, sender->first);
  }
}

}  // namespace freshet::store
