// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/event_reader.h"
#include "base/sip_hash.h"
#include "store/catalogue_commit.h"
#include "store/codec/records.h"
#include "store/codec/value_codec.h"
#include "store/erase_history.h"
#include "store/history_store.h"
#include "store/rocks.h"

namespace freshet::store {

/// Builds the WriteBatch of one HistoryStore::commit(). Only history_store.cc includes this.
/// Threads: one.
/// REQUIRES: db.in_use and db.history_writes are held, until finish()
class HistoryCommit {
 public:
  HistoryCommit(Database::Impl& db, const EventBatch& batch);

  /// Adds everything in the batch.
  Result<void> build(bool keep_rejected);

  rocksdb::WriteBatch& batch() { return out_; }
  const CommitCounts& counts() const { return counts_; }

  /// Call it once batch() is written: notes what others of the store need to know of it.
  void finish();

 private:
  Result<void> find_known_ids();
  Result<void> forget_positions_of_recreated();
  Result<void> add(std::size_t index);
  Result<void> erase(std::size_t index, const Owner& owner);
  Result<void> erase_lists(std::size_t index, const ErasedPart& part, const std::set<std::string>& sessions,
                           Erasure& erasure);
  Result<void> add_list(const PositionedEvent& entry);
  Result<bool> is_of_erased(const Owner& owner, const Position& position);
  std::span<const std::size_t> interactions_before(std::size_t index, const Owner& owner);
  void add(const RejectedRecord& record);
  void set_positions();
  bool accept_id(std::size_t index);
  void put_rows(const PositionedEvent& entry);
  void link(const Event& event);
  void put_row(Owner owner, const PositionedEvent& entry, const std::string& value);

  Database::Impl& db_;
  const EventBatch& in_;
  rocksdb::WriteBatch out_;
  std::optional<CatalogueCommit> items_;  // none without a Catalogue
  CommitCounts counts_;
  std::vector<std::string> ids_;  // dedupe_key() of each event; empty: it has no id
  std::unordered_map<std::string_view, DedupeValue, TextHash> known_;  // ids accepted before, and where
  std::size_t indexed_ = 0;                                            // so many events of the batch are in by_owner_
  std::map<Owner, std::vector<std::size_t>> by_owner_;                 // their numbers, for erase records
  std::map<Owner, Erasure> erasures_;                                  // by the erase records of this batch
  std::vector<std::size_t> lists_;                                     // numbers of the lists in the batch so far
  std::optional<std::vector<Erasure>> unfinished_;  // those from before the batch, once a list of a session needs them
  std::map<std::pair<std::string_view, std::string_view>, Timestamp> links_;  // of users to sessions, to be written
  Timestamp stream_time_;
  Timestamp newest_arrival_;
};

}  // namespace freshet::store
