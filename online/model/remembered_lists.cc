// SPDX-License-Identifier: Apache-2.0
#include "online/model/remembered_lists.h"

#include <utility>

#include "base/saved_time.h"

namespace freshet::online {

RememberedList& RememberedLists::renew(OwnerKey session) {
  forget(session);
  if (by_session_.size() >= most_) forget(lists_[order_.oldest()].session);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(lists_.size()));
    lists_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  by_session_.emplace(session, slot);
  order_.touch(slot);
  RememberedList& list = lists_[slot];
  list = {.session = session, .rows = std::move(list.rows)};
  list.rows.clear();
  return list;
}

RememberedList* RememberedLists::find(OwnerKey session) {
  const auto found = by_session_.find(session);
  return found == by_session_.end() ? nullptr : &lists_[found->second];
}

void RememberedLists::forget(OwnerKey session) {
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return;
  lists_[found->second].session = kNobody;
  order_.remove(found->second);
  free_.push_back(found->second);
  by_session_.erase(found);
}

void RememberedLists::clear() {
  lists_.clear();
  free_.clear();
  by_session_.clear();
  order_ = {};
}

void RememberedLists::erase(OwnerKey key) {
  for (const RememberedList& list : lists_) {
    if (list.session != kNobody && (list.session == key || list.user == key)) forget(list.session);
  }
}

std::size_t RememberedLists::memory_bytes() const {
  const std::size_t row_bytes = lists_.empty() ? 0 : lists_.front().rows.capacity();
  return lists_.size() * (sizeof(RememberedList) + row_bytes) + by_session_.size() * 32 + order_.memory_bytes();
}

void RememberedLists::save(ByteWriter& out) const {
  out.varint(by_session_.size());
  for (std::uint32_t slot = order_.oldest(); slot != LruOrder::kNone; slot = order_.after(slot)) {
    const RememberedList& list = lists_[slot];
    out.fixed(list.session);
    out.fixed(list.user);
    out.fixed(list.item);
    out.fixed(to_ms(list.time));
    out.fixed(list.probability);
    out.fixed(list.actions);
    out.array<std::int8_t>(list.rows);
  }
}

Result<void> RememberedLists::load(ByteReader& in, std::size_t row_bytes) {
  const Error corrupt{Errc::corrupt, "remembered lists: not a saved state"};
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto session = in.fixed<OwnerKey>();
    if (session == kNobody) return corrupt;
    RememberedList& list = renew(session);
    list.user = in.fixed<OwnerKey>();
    list.item = in.fixed<ItemIndex>();
    list.time = timestamp_from_ms(read_time_ms(in));
    list.probability = in.fixed<float>();
    list.actions = in.fixed<std::uint32_t>();
    list.rows = in.array<std::int8_t>();
    if (list.rows.size() % row_bytes != 0) return corrupt;
  }
  return in.ok() ? Result<void>{} : corrupt;
}

}  // namespace freshet::online
