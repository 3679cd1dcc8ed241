// SPDX-License-Identifier: Apache-2.0
#include "store/journal_size.h"

#include <algorithm>
#include <utility>

namespace freshet::store {

void JournalGrowth::add(std::int64_t offset, std::int64_t bytes) {
  if (end_bytes_ >= next_mark_bytes_) {
    marks_.push_back({offset, end_bytes_});
    next_mark_bytes_ = end_bytes_ + JournalSize::kMarkBytes;
  }
  end_bytes_ += bytes;
}

void JournalSize::restore(std::vector<JournalMark> marks, std::int64_t end_bytes) {
  const MutexLock lock(mutex_);
  marks_ = std::move(marks);
  end_bytes_ = end_bytes;
}

JournalGrowth JournalSize::growth() const {
  const MutexLock lock(mutex_);
  JournalGrowth growth;
  growth.end_bytes_ = end_bytes_;
  growth.next_mark_bytes_ = marks_.empty() ? end_bytes_ : marks_.back().bytes + kMarkBytes;
  return growth;
}

void JournalSize::grow(const JournalGrowth& growth) {
  const MutexLock lock(mutex_);
  end_bytes_ = growth.end_bytes_;
  marks_.insert(marks_.end(), growth.marks_.begin(), growth.marks_.end());
}

/// The newest mark that is not behind `begin`; the end if all are.
std::vector<JournalMark>::const_iterator JournalSize::newest_at(std::int64_t begin) const {
  const auto behind = std::ranges::upper_bound(marks_, begin, {}, &JournalMark::offset);
  return behind == marks_.begin() ? marks_.end() : behind - 1;
}

std::int64_t JournalSize::bytes(std::int64_t begin) const {
  const MutexLock lock(mutex_);
  if (marks_.empty()) return 0;
  const auto mark = newest_at(begin);
  return end_bytes_ - (mark == marks_.end() ? marks_.front() : *mark).bytes;
}

std::int64_t JournalSize::first_with_at_most(std::int64_t bytes) const {
  const MutexLock lock(mutex_);
  const auto mark = std::ranges::lower_bound(marks_, end_bytes_ - bytes, {}, &JournalMark::bytes);
  return mark == marks_.end() ? std::numeric_limits<std::int64_t>::max() : mark->offset;
}

std::vector<JournalMark> JournalSize::marks_before(std::int64_t begin) const {
  const MutexLock lock(mutex_);
  const auto mark = newest_at(begin);
  if (mark == marks_.end()) return {};
  return {marks_.begin(), mark};
}

void JournalSize::begin_at(std::int64_t begin) {
  const MutexLock lock(mutex_);
  const auto mark = newest_at(begin);
  if (mark != marks_.end()) marks_.erase(marks_.begin(), mark);
}

}  // namespace freshet::store
