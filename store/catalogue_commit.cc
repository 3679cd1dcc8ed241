// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue_commit.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/item_json.h"
#include "store/codec/value_codec.h"

namespace freshet::store {

CatalogueCommit::CatalogueCommit(Database::Impl& db, CatalogueIndex& index, const EventBatch& batch)
    : db_(db), index_(index), in_(batch), items_(index.items()), removed_(index.removed()) {}

bool CatalogueCommit::is_applied(const Position& position) const {
  return !in_.recreated.contains(position.partition) && is_below(position, index_.applied());
}

Result<void> CatalogueCommit::read() {
  std::unordered_set<std::string_view, TextHash> seen;
  std::vector<rocksdb::Slice> keys;
  for (const PositionedEvent& entry : in_.events) {
    if (entry.event.kind != EventKind::item || is_applied(entry.position)) continue;
    if (!seen.insert(entry.event.item).second) continue;
    if (entry.event.change->kind == ItemChange::Kind::patch && index_.has(entry.event.item)) {
      keys.push_back(to_slice(entry.event.item));
    }
  }
  if (keys.empty()) return {};
  const std::vector<rocksdb::ColumnFamilyHandle*> families(keys.size(), db_.family(Family::items));
  std::vector<std::string> values;
  const auto statuses = db_.db->MultiGet(rocksdb::ReadOptions{}, families, keys, &values);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // A write that failed may be on disk all the same: with later changes, which are in the batches that are tried again.
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return to_error(statuses[i]);
    if (is_removal(values[i])) continue;
    auto item = decode_item(values[i]);
    if (!item) return Error{Errc::corrupt, "an item of the catalogue cannot be decoded"};
    before_.emplace(to_view(keys[i]), *std::move(item));
  }
  return {};
}

void CatalogueCommit::change(const PositionedEvent& record) {
  if (is_applied(record.position)) return;
  const ItemChange& change = *record.event.change;
  State& state = state_of(record.event.item);
  switch (change.kind) {
    case ItemChange::Kind::put: return put(state, change.item);
    case ItemChange::Kind::patch: return patch(state, change);
    case ItemChange::Kind::remove: return remove(state, {record.arrival, record.position.partition});
  }
}

void CatalogueCommit::visit(const PositionedEvent& interaction) {
  if (removed_ == 0 || index_.options().strict || is_applied(interaction.position)) return;
  const std::string_view name = interaction.event.item;
  const auto own = by_name_.find(name);
  const auto removal = own == by_name_.end() ? index_.removal_of(name) : own->second->outcome.removal;
  if (!removal || !removal->is_before(interaction.position, interaction.arrival)) return;
  State& state = state_of(name);
  state.outcome.removal.reset();
  state.changed = true;
  --removed_;
}

CatalogueCommit::State& CatalogueCommit::state_of(std::string_view name) {
  const auto [found, is_new] = by_name_.try_emplace(name, nullptr);
  if (is_new) {
    State& state = states_.emplace_back(State{{name, nullptr, {}}, nullptr, index_.has(name), false});
    if (!state.known) state.outcome.removal = index_.removal_of(name);
    found->second = &state;
  }
  return *found->second;
}

/// True if a limit is reached: `count` of the items, or the memory for names that are gone, which a restart frees.
bool CatalogueCommit::is_full(std::size_t count, std::string_view name) const {
  return count >= index_.options().max_items ||
         (index_.rows() + states_.size() > PagedArray<char>::kMaxRows && index_.row_of(name) == kNoRow);
}

void CatalogueCommit::put(State& state, const Item& item) {
  ItemChangeOutcome& outcome = state.outcome;
  if (!state.known && is_full(items_, outcome.name)) {
    ++counts_.refused;
    return;
  }
  ++counts_.puts;
  if (!state.known) {
    ++counts_.inserted;
    ++items_;
  }
  if (outcome.removal) --removed_;
  outcome.removal.reset();
  outcome.item = &item;
  state.own = nullptr;
  state.known = state.changed = true;
}

/// The item as it is, for a patch; null if there is none.
Item* CatalogueCommit::item_to_patch(State& state) {
  if (state.own != nullptr || !state.known) return state.own;
  if (state.outcome.item != nullptr) {
    state.own = &patched_.emplace_back(*state.outcome.item);
  } else if (const auto before = before_.find(state.outcome.name); before != before_.end()) {
    state.own = &before->second;
  }
  return state.own;
}

void CatalogueCommit::patch(State& state, const ItemChange& change) {
  Item* item = item_to_patch(state);
  if (item == nullptr) {
    ++counts_.ignored_patches;
    return;
  }
  Item patched = *item;
  apply(change, patched);
  if (const auto within = check_item_limits(patched); !within) {
    ++counts_.oversized_patches;
    index_.report_oversized(patched.item, within.error().message);
    return;
  }
  ++counts_.patches;
  *item = std::move(patched);
  state.outcome.item = item;
  state.changed = true;
}

void CatalogueCommit::remove(State& state, const ItemRemoval& removal) {
  ItemChangeOutcome& outcome = state.outcome;
  if (!outcome.removal && !state.known && is_full(removed_, outcome.name)) {
    ++counts_.refused;
    return;
  }
  ++counts_.removals;
  if (state.known) --items_;
  if (!outcome.removal) ++removed_;
  outcome.removal = removal;
  outcome.item = state.own = nullptr;
  state.known = false;
  state.changed = true;
}

void CatalogueCommit::write(rocksdb::WriteBatch& out) const {
  for (const State& state : states_) {
    if (!state.changed) continue;
    const ItemChangeOutcome& outcome = state.outcome;
    const rocksdb::Slice key = to_slice(outcome.name);
    if (outcome.item != nullptr) {
      out.Put(db_.family(Family::items), key, encode_item(*outcome.item));
    } else if (outcome.removal) {
      out.Put(db_.family(Family::items), key, encode_removal(*outcome.removal));
    } else {
      out.Delete(db_.family(Family::items), key);
    }
  }
}

void CatalogueCommit::finish() {
  std::vector<ItemChangeOutcome> outcomes;
  outcomes.reserve(states_.size());
  for (const State& state : states_) {
    if (state.changed) outcomes.push_back(state.outcome);
  }
  Positions applied = index_.applied();
  for (const std::int32_t partition : in_.recreated) applied.erase(partition);
  advance(applied, in_.next);
  index_.apply(outcomes, std::move(applied));
  if (counts_.refused > 0) index_.report_refused(counts_.refused);
}

}  // namespace freshet::store
