// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/newest_items.h"

#include <algorithm>
#include <utility>

namespace freshet::store {
namespace {

constexpr std::size_t kSmall = 1024;    // so many are not worth tidying up
constexpr std::size_t kNodeBytes = 64;  // of a std::set

}  // namespace

bool NewestItems::Newer::operator()(const Entry& a, const Entry& b) const {
  if (a.time != b.time) return a.time > b.time;
  return a.row != b.row && names.get().name(a.row) < names.get().name(b.row);
}

template <typename Visit>
void NewestItems::visit(const Entry* after, Visit visit) const {
  auto old = after == nullptr ? sorted_.begin() : std::upper_bound(sorted_.begin(), sorted_.end(), *after, newer_);
  auto recent = after == nullptr ? recent_.begin() : recent_.upper_bound(*after);
  while (old != sorted_.end() || recent != recent_.end()) {
    const bool take_old = recent == recent_.end() || (old != sorted_.end() && !newer_(*recent, *old));
    const Entry& entry = take_old ? *old : *recent;
    if (recent != recent_.end() && (!take_old || *recent == entry)) ++recent;  // in both: once
    if (!visit(entry)) return;
    if (take_old) ++old;
  }
}

std::vector<NewestItems::Entry> NewestItems::next(std::size_t count, const Entry* after,
                                                  const IsValid& is_valid) const {
  std::vector<Entry> found;
  if (count == 0) return found;
  visit(after, [&](const Entry& entry) {
    if (is_valid(entry)) found.push_back(entry);
    return found.size() < count;
  });
  return found;
}

bool NewestItems::is_untidy(std::size_t valid) const {
  return recent_.size() > sorted_.size() / 8 + kSmall || sorted_.size() + recent_.size() > 2 * valid + 2 * kSmall;
}

std::vector<NewestItems::Entry> NewestItems::tidied(const IsValid& is_valid) const {
  std::vector<Entry> sorted;
  sorted.reserve(sorted_.size() + recent_.size());
  visit(nullptr, [&](const Entry& entry) {
    if (is_valid(entry)) sorted.push_back(entry);
    return true;
  });
  return sorted;
}

std::vector<NewestItems::Entry> NewestItems::replace(std::vector<Entry> sorted) {
  recent_.clear();
  return std::exchange(sorted_, std::move(sorted));
}

void NewestItems::sort_from_names(std::vector<Entry>& entries) {
  std::ranges::stable_sort(entries, std::greater{}, &Entry::time);
}

std::size_t NewestItems::memory_bytes() const {
  return sorted_.capacity() * sizeof(Entry) + recent_.size() * kNodeBytes;
}

}  // namespace freshet::store
