// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "online/containers/chunked_array.h"
#include "online/containers/striped_mutex.h"
#include "online/part/part_kind.h"
#include "online/parts/nearest_sessions.h"
#include "online/parts/session_table.h"

namespace freshet::online {

/// [online.session_knn]: what each option means and takes is in describe().
struct SessionKnnOptions {
  std::size_t max_sessions = 200'000;
  std::size_t max_sessions_per_item = 500;
  std::size_t neighbors = 100;
  std::size_t max_session_items = 64;

  static std::vector<Option<SessionKnnOptions>> describe();
};

extern const PartKind kSessionKnn;

/// "session_knn": votes of similar sessions. VMIS-kNN (Kersbergen, Sprangers and Schelter, "Serenade", SIGMOD 2022)
/// over a streaming index: the newest max_sessions sessions of two or more items, and per item the newest sessions that
/// hold it. A session is indexed from its second item on and grows with every click; it never votes on its own lists.
/// A query takes the last kQueryItems distinct items, weighted by recency. The neighbors are the sessions that share
/// the largest weight; each votes for its items by the square of that weight, and more if the matched item is newer.
/// The part's own score counts the votes, discounted by age, for items near the match; those after it count double.
/// Threads: as Scorer and Part; postings are copied under their stripe's lock, sessions without a lock (a session that
///          the learner is changing at that moment has no vote).
/// Cost:    ask() finds and counts the votes; propose() and write_features() read them. erase() passes over the sessions,
///          twice if any is the owner's.
class SessionKnnIndex final : public Scorer {
 public:
  static constexpr std::size_t kQueryItems = NearestSessions::kMaxAsked;
  static constexpr std::size_t kMaxSessionItems =
      SessionTable::kMaxItems;  ///< bound of SessionKnnOptions::max_session_items

  SessionKnnIndex(const SessionKnnOptions& options, std::size_t max_items);

  std::string_view name() const override { return kSessionKnn.name; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  // The learner's methods: see Part.
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(OwnerKey key);
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  using SessionNumber = std::uint32_t;  // increases and wraps; session n is in slot n % max_sessions

  struct Postings {
    std::vector<SessionNumber> newest;  // a ring once full
    std::uint32_t next = 0;             // place of the next one in the full ring
  };
  class Votes;  // its Query: session_knn_query.h

  void open(const Context& before, const Interaction& event);
  void add_item(ItemIndex item);
  void clear(std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items);
  void post(ItemIndex item, SessionNumber number);
  template <typename Wanted>
  void find_newest_of_keys(Wanted wanted);
  std::size_t slot_of(SessionNumber number) const { return number % max_sessions_; }

  // const after construction
  const SessionKnnOptions options_;
  const SessionNumber max_sessions_;
  const std::size_t max_items_;

  StripedMutex posting_locks_;
  SessionTable sessions_;
  ChunkedArray<Postings> postings_;  // item i guarded by posting_locks_.of(i); the learner reads without
  ChunkedArray<std::atomic<std::uint32_t>> occurrences_;  // of an item, in the items of all indexed sessions
  std::atomic<SessionNumber> next_number_{0};
  std::atomic<std::uint32_t> indexed_{0};  // number of indexed sessions

  // learner thread only
  ChunkedArray<OwnerKey> user_keys_;                       // by slot
  std::unordered_map<OwnerKey, SessionNumber> newest_of_;  // by session key
  IndexedSession changed_;                                 // the session that the event continues
  std::array<ItemIndex, kMaxSessionItems> items_{};        // its items
};

std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items);

}  // namespace freshet::online
