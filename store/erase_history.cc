// SPDX-License-Identifier: Apache-2.0
#include "store/erase_history.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/history_rows.h"

namespace freshet::store {
namespace {

/// Calls visit(key, position, event) for each row of `owner`. A row that cannot be decoded is visited without its event.
template <typename Visit>
rocksdb::Status for_each_row(const Database::Impl& db, const Owner& owner, Visit visit) {
  const auto rows = history_rows(db, owner);
  for (; rows->Valid(); rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    if (key) visit(rows->key(), key->position, decode_event_value(to_view(rows->value()), key->time));
  }
  return rows->status();
}

/// The sessions that a user had events in.
struct Sessions {
  std::set<std::string> all;
  std::map<std::string, Timestamp> kept;  ///< those of rows that are not erased, with the newest row's time
};

/// Deletes the rows of the owner itself, and collects the sessions that they name.
rocksdb::Status delete_own_rows(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                                const ErasedPart& part, bool keeps_own, Sessions& sessions) {
  std::vector<std::string> covered;
  bool whole = !keeps_own;
  auto status =
      for_each_row(db, owner, [&](const rocksdb::Slice& key, const Position& at, const std::optional<Event>& event) {
        if (event && !event->session.empty()) sessions.all.insert(event->session);
        if (part.covers(at)) return covered.push_back(key.ToString());
        whole = false;
        if (event && !event->session.empty()) sessions.kept.try_emplace(event->session, event->time);
      });
  if (whole) {
    batch.DeleteRange(db.family(Family::history), encode_owner(owner), end_of_history(owner));
  } else {
    for (const std::string& key : covered) batch.Delete(db.family(Family::history), key);
  }
  return status;
}

/// Deletes the links of a user but for those of rows that are not erased, and collects the sessions: rows of the user may
/// be gone that a session's history still has.
rocksdb::Status delete_links(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& user,
                             Sessions& sessions) {
  const std::string first = encode_owner(user);
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::sessions)));
  for (it->Seek(first); it->Valid() && it->key().starts_with(first); it->Next()) {
    sessions.all.emplace(to_view(it->key()).substr(first.size()));
  }
  batch.DeleteRange(db.family(Family::sessions), first, end_of_history(user));
  for (const auto& [session, time] : sessions.kept) {
    batch.Put(db.family(Family::sessions), encode_link_key(user.id, session), encode_link(time));
  }
  return it->status();
}

rocksdb::Status delete_rows_in_session(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& user,
                                       const Owner& session, const ErasedPart& part) {
  return for_each_row(db, session,
                      [&](const rocksdb::Slice& key, const Position& at, const std::optional<Event>& event) {
                        if (event && event->user == user.id && part.covers(at)) {
                          batch.Delete(db.family(Family::history), key);
                        }
                      });
}

/// An unfinished erasure of the same owner; one that covers nothing if there is none.
Result<Erasure> unfinished(const Database::Impl& db, const Owner& owner) {
  std::string noted;
  const auto status = db.db->Get(rocksdb::ReadOptions{}, db.family(Family::meta), erasure_key(owner), &noted);
  if (status.IsNotFound()) return Erasure{owner, {}, {}};
  if (!status.ok()) return to_error(status);
  auto erasure = decode_erasure(noted);
  if (!erasure) return Error{Errc::corrupt, "an erasure cannot be decoded"};
  return *std::move(erasure);
}

}  // namespace

rocksdb::Status delete_lists(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                             const ErasedPart& part) {
  const auto rows = history_rows(db, owner, Family::served);
  for (; rows->Valid(); rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    if (key && part.covers(key->position)) batch.Delete(db.family(Family::served), rows->key());
  }
  return rows->status();
}

Result<Erasure> erase_history(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                              const ErasedPart& part, bool keeps_own) {
  Sessions sessions;
  auto status = delete_own_rows(db, batch, owner, part, keeps_own, sessions);
  if (status.ok()) status = delete_lists(db, batch, owner, part);
  std::set<Owner> touched{owner};
  if (owner.kind == Owner::Kind::user) {
    if (status.ok()) status = delete_links(db, batch, owner, sessions);
    for (const std::string& id : sessions.all) {
      const Owner session{Owner::Kind::session, id};
      touched.insert(session);
      if (status.ok()) status = delete_rows_in_session(db, batch, owner, session, part);
      if (status.ok()) status = delete_lists(db, batch, session, part);
    }
  }
  if (!status.ok()) return to_error(status);
  auto erasure = unfinished(db, owner);
  if (erasure) merge(*erasure, {owner, part.before, std::move(touched)});
  return erasure;
}

void put_erasure(const Database::Impl& db, rocksdb::WriteBatch& batch, const Erasure& erasure) {
  batch.Put(db.family(Family::meta), erasure_key(erasure.owner), encode_erasure(erasure));
}

void merge(Erasure& erasure, const Erasure& other) {
  advance(erasure.before, other.before);
  erasure.touched.insert(other.touched.begin(), other.touched.end());
}

Result<std::vector<Erasure>> unfinished_erasures(const Database::Impl& db) {
  std::vector<Erasure> erasures;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::meta)));
  for (it->Seek(to_slice(kErasurePrefix)); it->Valid() && it->key().starts_with(to_slice(kErasurePrefix)); it->Next()) {
    auto erasure = decode_erasure(to_view(it->value()));
    if (!erasure) return Error{Errc::corrupt, "an erasure cannot be decoded"};
    erasures.push_back(*std::move(erasure));
  }
  if (!it->status().ok()) return to_error(it->status());
  return erasures;
}

}  // namespace freshet::store
