// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/catalogue_index.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/log.h"

namespace freshet::store {
namespace {

constexpr std::size_t kSlice = 64;  // outcomes per lock
constexpr std::size_t kRemovalBytes = 64;
constexpr std::chrono::minutes kReportInterval{1};

}  // namespace

CatalogueIndex::CatalogueIndex(const CatalogueOptions& options, CatalogueListener* listener)
    : options_(options),
      listener_(listener),
      judged_(options.strict ? kKnown | kUnavailable | kRemoved : kUnavailable | kRemoved),
      wanted_(options.strict ? kKnown : 0) {}

CatalogueRow CatalogueIndex::row_of(std::string_view name) const {
  const CatalogueLock lock = mutex_.lock_again();
  return names_.find(name);
}

bool CatalogueIndex::is_valid(const NewestItems::Entry& entry) const {
  return (state_of(entry.row) & (kKnown | kUnavailable)) == kKnown && times_.get(entry.row) == entry.time;
}

std::vector<CatalogueIndex::NewestItem> CatalogueIndex::newest_available(std::size_t count,
                                                                         const NewestItems::Entry* after) const {
  const CatalogueLock lock = mutex_.lock_again();
  std::vector<NewestItem> found;
  for (const NewestItems::Entry& entry : newest_.next(count, after, [&](const auto& one) { return is_valid(one); })) {
    found.push_back({entry, std::string(names_.name(entry.row))});
  }
  return found;
}

std::size_t CatalogueIndex::memory_bytes() const {
  const CatalogueLock lock = mutex_.lock_again();
  return names_.memory_bytes() + states_.memory_bytes() + times_.memory_bytes() + newest_.memory_bytes() +
         removed_ * kRemovalBytes;
}

std::optional<std::vector<CatalogueRow>> CatalogueIndex::changed_since(std::uint64_t changes) const {
  if (changes_ - changes > kLatest) return std::nullopt;
  std::vector<CatalogueRow> rows;
  for (; changes < changes_; ++changes) rows.push_back(latest_[changes % kLatest]);
  return rows;
}

void CatalogueIndex::load(const ItemChangeOutcome& stored) {
  const std::unique_lock lock(mutex_);
  set(stored);
}

void CatalogueIndex::load_positions(Positions applied) {
  applied_ = std::move(applied);
  const std::unique_lock lock(mutex_);
  NewestItems::sort_from_names(*loaded_);
  newest_.replace(*std::move(loaded_));
  loaded_.reset();
}

bool CatalogueIndex::has(std::string_view name) const {
  const CatalogueRow row = names_.find(name);
  return row != kNoRow && (state_of(row) & kKnown) != 0;
}

std::optional<ItemRemoval> CatalogueIndex::removal_of(std::string_view name) const {
  if (removals_.empty()) return std::nullopt;
  const CatalogueRow row = names_.find(name);
  const auto found = row == kNoRow ? removals_.end() : removals_.find(row);
  return found == removals_.end() ? std::nullopt : std::optional(found->second);
}

void CatalogueIndex::apply(std::span<const ItemChangeOutcome> outcomes, Positions applied) {
  for (; !outcomes.empty(); outcomes = outcomes.subspan(std::min(kSlice, outcomes.size()))) {
    const std::unique_lock lock(mutex_);
    for (const ItemChangeOutcome& outcome : outcomes.first(std::min(kSlice, outcomes.size()))) set(outcome);
  }
  applied_ = std::move(applied);
  tidy();
}

/// REQUIRES: mutex_ is held exclusively.
void CatalogueIndex::set(const ItemChangeOutcome& outcome) {
  const CatalogueRow row = names_.add(outcome.name);
  latest_[changes_++ % kLatest] = row;
  auto& state = states_.at(row);
  Timestamp& time = times_.at(row);
  const std::uint8_t before = state;
  std::uint8_t after = before & kListed;
  if (outcome.item != nullptr) {
    if (std::exchange(time, outcome.item->time) != outcome.item->time) after = 0;
    after |= outcome.item->available ? kKnown : kKnown | kUnavailable;
    if (outcome.item->available && (after & kListed) == 0) {
      loaded_ ? loaded_->push_back({time, row}) : newest_.add({time, row});
      after |= kListed;
    }
  } else if (outcome.removal) {
    after |= kRemoved;
  }
  count(before, static_cast<std::size_t>(-1));
  count(after, 1);
  state.store(after, std::memory_order_relaxed);
  if (outcome.removal) {
    removals_.insert_or_assign(row, *outcome.removal);
  } else if ((before & kRemoved) != 0) {
    removals_.erase(row);
  }
  if (listener_ != nullptr) {
    if (outcome.item != nullptr) {
      listener_->put(row, *outcome.item);
    } else if ((before & kKnown) != 0) {
      listener_->remove(row);
    }
  }
}

void CatalogueIndex::count(std::uint8_t state, std::size_t change) {
  if ((state & kKnown) != 0) items_ += change;
  if ((state & kUnavailable) != 0) unavailable_ += change;
  if ((state & kRemoved) != 0) removed_ += change;
}

/// Only the writer changes what is read here, so readers need to wait for the exchange only.
void CatalogueIndex::tidy() {
  if (!newest_.is_untidy(items_ - unavailable_)) return;
  std::vector<NewestItems::Entry> sorted = newest_.tidied([&](const NewestItems::Entry& entry) {
    if (is_valid(entry)) return true;
    if (times_.get(entry.row) == entry.time) states_.at(entry.row) &= static_cast<std::uint8_t>(~kListed);
    return false;
  });
  std::unique_lock lock(mutex_);
  const auto before = newest_.replace(std::move(sorted));
  lock.unlock();
}

std::size_t CatalogueIndex::OccasionalReport::due(std::size_t more) {
  count_ += more;
  const auto now = std::chrono::steady_clock::now();
  if (last_.time_since_epoch().count() != 0 && now < last_ + kReportInterval) return 0;
  last_ = now;
  return std::exchange(count_, 0);
}

void CatalogueIndex::report_refused(std::size_t count) {
  const std::size_t left_out = refused_.due(count);
  if (left_out == 0) return;
  log::error("the catalogue is full: new items are left out; raise catalogue.max_items",
             {{"max_items", options_.max_items}, {"left_out", left_out}});
}

void CatalogueIndex::report_oversized(std::string_view item, const std::string& reason) {
  const std::size_t left_out = oversized_.due(1);
  if (left_out == 0) return;
  log::warn("a patch is left out: it would make an item larger than items may be",
            {{"item", item}, {"reason", reason}, {"left_out", left_out}});
}

}  // namespace freshet::store
