// SPDX-License-Identifier: Apache-2.0
#include "store/served_lists.h"

#include <algorithm>
#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/history_rows.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

Result<StoredList> list_at(const rocksdb::Iterator& rows) {
  const auto key = decode_history_key(to_view(rows.key()));
  auto list = key ? decode_served_list(to_view(rows.value())) : std::nullopt;
  if (!list) return Error{Errc::corrupt, "a served list cannot be decoded"};
  return StoredList{key->time, key->position, *std::move(list)};
}

/// False for a directory of an earlier release that is opened for reading only.
bool has_lists(const Database::Impl& db) { return db.family(Family::served) != nullptr; }

}  // namespace

Result<ServedPage> ServedLists::page(const Owner& owner, std::size_t limit,
                                     const std::optional<HistoryCursor>& after) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  ServedPage page;
  if (!has_lists(db)) return page;
  const auto rows = history_rows(db, owner, Family::served);
  if (after) {
    const std::string last = encode_history_key({owner, after->time, after->position});
    rows->Seek(last);
    if (rows->Valid() && to_view(rows->key()) == last) rows->Next();
  }
  for (; rows->Valid() && page.lists.size() < limit; rows->Next()) {
    auto list = list_at(*rows);
    if (!list) return list.error();
    page.lists.push_back(*std::move(list));
  }
  if (!rows->status().ok()) return to_error(rows->status());
  if (rows->Valid() && !page.lists.empty()) page.next = {page.lists.back().time, page.lists.back().position};
  return page;
}

Result<void> ServedLists::visit_since(const Owner& owner, Timestamp oldest,
                                      const std::function<bool(const ServedList&)>& visit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const ServedOptions& options = db.options.served;
  oldest = std::max(oldest, oldest_kept(options.max_age, db.stream_time->judged()));
  const auto rows = history_rows(db, owner, Family::served);
  for (std::size_t left = options.max_lists_per_owner; rows->Valid() && left > 0; rows->Next(), --left) {
    const auto stored = list_at(*rows);
    if (!stored) return stored.error();
    if (stored->time < oldest || !visit(stored->list)) break;
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return {};
}

Result<std::optional<Owner>> ServedLists::next_owner(const std::optional<Owner>& after) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  if (!has_lists(db)) return std::optional<Owner>();
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  std::unique_ptr<rocksdb::Iterator> rows(db.db->NewIterator(options, db.family(Family::served)));
  // Beyond every row of `after`.
  rows->Seek(after ? encode_owner(*after) + std::string(kHistorySuffixBytes + 1, '\xff') : std::string());
  if (!rows->status().ok()) return to_error(rows->status());
  if (!rows->Valid()) return std::optional<Owner>();
  auto key = decode_history_key(to_view(rows->key()));
  if (!key) return Error{Errc::corrupt, "the key of a served list cannot be decoded"};
  return std::optional(std::move(key->owner));
}

}  // namespace freshet::store
